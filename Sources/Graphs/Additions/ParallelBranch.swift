import Tensors

/// A 1×1 convolution beside a larger one: `y = W * x + P x`, with the layer's stride and groups.
///
/// In the graph it is two nodes behind the layer: `.parallel` and `.parallel_sum`. What it learns is exactly a change of the centre tap,
/// `W[o,i,c,c] + P[o,i]`, which is how it is merged.
///
/// **Parameters**: `….parallel.weight` [O, I/groups, 1, 1].
///
/// Rebuffi, Bilen and Vedaldi 2018, "Efficient parametrization of multi-domain deep neural networks".
public struct ParallelBranch: Hashable, Sendable {
  /// The convolution's path.
  public let layer: String

  public init(layer: String) { self.layer = layer }

  public var weight: ParameterID { ParameterID(path: "\(layer).parallel", field: "weight") }
  var nodeNames: [String] { ["\(layer).parallel", "\(layer).parallel_sum"] }

  /// Why a node can't have a branch that merges into it; nil where it can.
  public static func obstacle(at node: Node) -> String? {
    guard case .convolution(let data) = node.operation else { return "it isn't a convolution" }
    if data.kernelHeight == 1, data.kernelWidth == 1 { return "a 1×1 convolution beside a 1×1 convolution is the same again" }
    guard data.kernelHeight % 2 == 1, data.kernelWidth % 2 == 1 else { return "an even kernel has no centre tap" }
    let (rows, columns) = (data.dilation * (data.kernelHeight - 1) / 2, data.dilation * (data.kernelWidth - 1) / 2)
    guard data.padding == Padding(top: rows, left: columns, bottom: rows, right: columns) else {
      return "its padding isn't half its kernel, so its centre tap isn't where a 1×1 convolution looks"
    }
    return nil
  }
}

extension Graph {
  /// - Throws: `GraphError.unknownNode`; traps on a node with an `obstacle`.
  public func adding(_ branch: ParallelBranch) throws(GraphError) -> Graph {
    guard let node = self[branch.layer] else { throw .unknownNode(branch.layer) }
    if let obstacle = ParallelBranch.obstacle(at: node) { preconditionFailure("\(branch.layer): \(obstacle)") }
    guard case .convolution(let data) = node.operation else { preconditionFailure("\(branch.layer) isn't a convolution") }
    let pointwise = ConvolutionOperator(
      data.inputChannels, data.outputChannels, kernel: 1, stride: data.stride, padding: 0, groups: data.groups)
    let names = branch.nodeNames
    return try inserting(
      [Node(names[0], .convolution(pointwise), node.inputs), Node(names[1], .add, [node.name, names[0]])], after: node.name)
  }

  /// The branches in the graph, in node order.
  public var parallelBranches: [ParallelBranch] {
    nodes.compactMap { node in
      guard node.name.hasSuffix(".parallel"), case .convolution = node.operation else { return nil }
      let layer = String(node.name.dropLast(".parallel".count))
      return self[layer] == nil ? nil : ParallelBranch(layer: layer)
    }
  }

  /// The network with every parallel branch folded into its convolution's centre tap: the graph as it was before them, and its values.
  public func mergingParallelBranches(in parameters: Parameters) throws(GraphError) -> (graph: Graph, parameters: Parameters) {
    var graph = self
    var values = parameters
    for branch in parallelBranches {
      guard case .convolution(let data)? = self[branch.layer]?.operation else { continue }
      let added = values[branch.weight].values
      let area = data.kernelHeight * data.kernelWidth
      values.withMutableValues(of: ParameterID(path: branch.layer, field: "weight")) { weight in
        for (index, value) in added.enumerated() { weight[index * area + area / 2] += value }
      }
      graph = try graph.removing(branch.nodeNames, after: branch.layer)
    }
    return (graph, values.matching(graph.parameters))
  }
}
