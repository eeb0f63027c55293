import Engine
import Graphs

/// A network cut where training begins: what is the same in every step, and what is run again in each.
///
/// The prefix's nodes are those at or above which nothing trains, draws from the batch or is random (`Graph.frozenPrefix`). A linear
/// probe's prefix is the whole backbone.
struct FrozenPrefix {
  /// The part run in each step; its inputs are the `frontier`.
  let rest: Graph
  /// The prefix's tensors that the rest reads.
  let frontier: [String]
  /// Each frontier tensor's shape.
  let shapes: [String: FeatureShape]
  /// Nil where the frontier is the images themselves.
  let prefix: Graph?
  /// Multiplications and additions of the prefix, for one scan.
  let operations: Double

  init(of graph: Graph, under plan: TrainablePlan, input: FeatureShape) throws {
    let frozen = graph.frozenPrefix(under: plan)
    var frontier: [String] = []
    for node in graph.nodes where !frozen.contains(node.name) {
      for name in node.inputs where frozen.contains(name) && !frontier.contains(name) { frontier.append(name) }
    }
    let all = try graph.shapes(input: input)
    self.frontier = frontier
    shapes = Dictionary(uniqueKeysWithValues: frontier.map { ($0, all[$0]!) })
    if frontier == graph.inputNodes {
      (prefix, rest, operations) = (nil, graph, 0)
    } else {
      let prefix = try graph.cut(from: [:], to: frontier)
      self.prefix = prefix
      rest = try graph.cut(from: shapes.mapValues(\.channels), to: graph.outputs)
      let inputs = Dictionary(uniqueKeysWithValues: prefix.inputNodes.map { ($0, input) })
      operations = try Program(graph: prefix, inputs: inputs, batch: 1, purpose: .inference()).floatingPointOperations
    }
  }

  /// Bytes that the frontier of one scan takes.
  var bytesPerScan: Int { shapes.values.map { FeatureMaps.byteCount(of: $0) }.reduce(0, +) }

  /// Whether a scan's frontier is read faster than it is computed again, at this many operations per byte.
  private func isWorth(_ operationsPerByte: Double) -> Bool {
    prefix != nil && operations > operationsPerByte * Double(bytesPerScan)
  }

  /// From memory: a core reads some GB/s and computes some 100 GFLOP/s. One convolution from the image isn't worth it.
  var isWorthKeeping: Bool { isWorth(100) }
  /// From a disk of 200 MB/s, which the page cache can only better.
  var isWorthSpilling: Bool { isWorth(1000) }
}

extension FeatureMaps {
  /// Bytes one image of this shape takes in the engine's layout.
  static func byteCount(of shape: FeatureShape) -> Int { shape.paddedCount * MemoryLayout<Float>.stride }
}
