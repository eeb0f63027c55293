import Engine
import Graphs

/// Statistics of each normalization taken on the input it will see at inference: all scans move forward one normalization at a time.
///
/// Between two normalizations the scans rest at a cut: the live tensors after some node, skips included. From there to the next
/// normalization's input each convolution runs once, so the whole costs the arithmetic of one forward pass. A cut is kept only
/// where the tensors of all scans fit the memory budget; otherwise the scans stay at the last one that fits (or are loaded anew)
/// and what lies between is computed again. Chunks don't touch the result: moments are taken per scan and merged in order.
package struct LayerSequentialPass {
  /// What was estimated at one layer.
  package struct Estimate: Sendable {
    package let layer: String
    package let moments: ChannelMoments
    package let stored: ChannelStatistics
  }

  /// Where the scans rest: the node after which their live tensors were kept, and those tensors chunk by chunk.
  private struct Rest {
    let position: Int
    let names: [String]
    /// Nil where images are loaded again each time.
    var chunks: [[String: FeatureMaps]]?
  }

  package let graph: Graph
  package let shapes: [String: FeatureShape]
  package let input: FeatureShape
  package let layers: [String]
  package let blend: StatisticsBlend
  package let memoryLimit: Int
  package let chunkSize: Int
  package let threads: Int?

  /// Floating-point operations spent per scan so far.
  package private(set) var operations = 0.0
  /// The layers' parameters, moved as the pass proceeds.
  package private(set) var parameters: Parameters

  /// - Parameter layers: recalibratable layers in node order.
  package init(
    graph: Graph, parameters: Parameters, input: FeatureShape, layers: [String], blend: StatisticsBlend = .targetOnly,
    memoryLimit: Int, chunkSize: Int = 16, threads: Int? = nil
  ) throws {
    self.graph = try graph.upTo(inputsOf: layers)
    self.parameters = parameters
    self.input = input
    self.layers = layers
    self.blend = blend
    self.memoryLimit = memoryLimit
    self.chunkSize = chunkSize
    self.threads = threads
    producers = Dictionary(uniqueKeysWithValues: layers.map { ($0, graph[$0]!.inputs[0]) })
    layerPositions = Dictionary(uniqueKeysWithValues: graph.nodes.enumerated().map { ($1.name, $0) })
    shapes = try self.graph.shapes(input: input)
  }

  private let producers: [String: String]
  /// Each node's place in the whole graph, which the shortened one keeps.
  private let layerPositions: [String: Int]

  /// Takes the statistics and stores them, layer by layer.
  ///
  /// - Parameter progress: called after each layer with its number, from 1.
  package mutating func run(over images: StatisticsImages, progress: (Int) -> Void = { _ in }) throws -> [Estimate] {
    let ranges = images.chunks(atMost: chunkSize)
    var rest = Rest(position: -1, names: [], chunks: nil)
    var found: [String: ChannelMoments] = [:]
    var estimates: [Estimate] = []
    for (index, layer) in layers.enumerated() {
      if found[producers[layer]!] == nil { try advance(&rest, to: layer, images, ranges, &found) }
      let moments = found[producers[layer]!]!
      guard let target = ChannelStatistics(moments) else { throw RecalibrationError.tooFewValues(layer: layer, count: Int(moments.count)) }
      let stored = blend.blend(source: parameters.statistics(of: layer), target: target, scans: images.count)
      parameters.setStatistics(stored, of: layer)
      estimates.append(Estimate(layer: layer, moments: moments, stored: stored))
      progress(index + 1)
    }
    return estimates
  }

  /// Runs all scans from where they rest up to `layer`, whose predecessors are settled by now, taking the moments of every
  /// normalization input on the way, and lets them rest as far on as memory allows.
  private mutating func advance(
    _ rest: inout Rest, to layer: String, _ images: StatisticsImages, _ ranges: [Range<Int>], _ found: inout [String: ChannelMoments]
  ) throws {
    let settled = graph.nodes.indices.filter { layerPositions[graph.nodes[$0].name]! < layerPositions[layer]! }
    let settledNames = Set(settled.map { graph.nodes[$0].name })
    let observed = Set(layers.map { producers[$0]! }).filter { settledNames.contains($0) && found[$0] == nil }
    let next = settled.reversed().first { position in
      position > rest.position && bytes(of: graph.frontier(after: graph.nodes[position].name)) * images.count <= memoryLimit
    }
    let kept = next.map { graph.frontier(after: graph.nodes[$0].name) } ?? []
    let from = rest.chunks == nil ? [:] : Dictionary(uniqueKeysWithValues: rest.names.map { ($0, shapes[$0]!.channels) })
    // A skip that rests already is handed on, not computed.
    let held = rest.chunks == nil ? graph.inputNodes : rest.names
    let outputs = graph.nodes.map(\.name).filter { observed.contains($0) || (kept.contains($0) && !held.contains($0)) }
    let cut = try graph.cut(from: from, to: outputs)
    let inputs = Dictionary(uniqueKeysWithValues: cut.inputNodes.map { ($0, shapes[$0]!) })
    let executor = try Executor(
      graph: cut, parameters: parameters, inputs: inputs, purpose: .inference(observing: observed), threads: threads)
    operations += executor.program(batch: 1).floatingPointOperations

    var chunks = rest.chunks ?? []
    for (chunk, range) in ranges.enumerated() {
      let fed = try rest.chunks.map { _ in chunks[chunk] } ?? [graph.inputNodes[0]: images.load(range)]
      let outcome = try executor.run(fed.filter { inputs[$0.key] != nil })
      for node in observed { try merge(outcome.moments[node]!, of: range, at: node, images, into: &found) }
      guard next != nil else { continue }
      let resting = Dictionary(uniqueKeysWithValues: kept.map { ($0, fed[$0] ?? outcome.outputs[$0]!) })
      if rest.chunks == nil { chunks.append(resting) } else { chunks[chunk] = resting }
    }
    if let next { rest = Rest(position: next, names: kept, chunks: chunks) }
  }

  private func merge(
    _ moments: [ChannelMoments], of range: Range<Int>, at node: String, _ images: StatisticsImages,
    into found: inout [String: ChannelMoments]
  ) throws {
    for (offset, scan) in moments.enumerated() {
      guard scan.mean.allSatisfy(\.isFinite), scan.m2.allSatisfy(\.isFinite) else {
        throw RecalibrationError.nonFinite(layer: node, scan: images.names[range.lowerBound + offset])
      }
      found[node, default: ChannelMoments(channels: scan.channels)].merge(scan)
    }
  }

  /// Bytes one scan's tensors take in the engine's layout.
  private func bytes(of names: [String]) -> Int {
    names.map { shapes[$0]!.paddedCount * MemoryLayout<Float>.stride }.reduce(0, +)
  }
}

extension Graph {
  /// The part of the network that the inputs of these layers need.
  fileprivate func upTo(inputsOf layers: [String]) throws(GraphError) -> Graph {
    let part = try cut(from: [:], to: layers.map { self[$0]!.inputs[0] })
    // Only the last leaves it, so that a frontier holds what is read later and nothing that was only observed.
    return try Graph(nodes: part.nodes, outputs: [part.nodes[part.nodes.count - 1].name])
  }
}
