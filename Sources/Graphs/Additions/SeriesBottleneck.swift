/// A residual bottleneck behind a block: `y = x + W2 relu(W1 x + b1) + b2`, 1×1 convolutions to `width` channels and back.
///
/// In the graph it is four nodes below the block's path: `.adapter.down`, `.adapter.relu`, `.adapter.up`, `.adapter.add`. Nothing merges
/// it: there is a nonlinearity inside, so it stays in the model.
///
/// **Parameters**: `….adapter.down.weight` [width, C, 1, 1] and `bias` [width]; `….adapter.up.weight` [C, width, 1, 1] and `bias` [C].
///
/// Houlsby et al. 2019, "Parameter-efficient transfer learning for NLP" (the bottleneck); Rebuffi, Bilen and Vedaldi 2017, "Learning
/// multiple visual domains with residual adapters" (in convolutional networks).
public struct SeriesBottleneck: Hashable, Sendable {
  /// The block's path: `layer1.0`.
  public let block: String
  public let width: Int

  public init(block: String, width: Int) {
    precondition(width > 0, "a bottleneck has a channel or more, not \(width)")
    self.block = block
    self.width = width
  }

  /// The weights that start at random; all else starts at zero, which makes the bottleneck the identity.
  public var down: ParameterID { ParameterID(path: "\(block).adapter.down", field: "weight") }
  var nodeNames: [String] { ["down", "relu", "up", "add"].map { "\(block).adapter.\($0)" } }
}

extension Graph {
  /// For each block that leaves by a single tensor, the node that yields it, in the order data meets them.
  public var blockExits: [(block: String, node: String)] {
    let blocks = blocks
    var exits: [String: Set<String>] = [:]
    for node in nodes {
      for input in node.inputs {
        if let block = Graph.block(of: input), block != Graph.block(of: node.name) { exits[block, default: []].insert(input) }
      }
    }
    for left in outputs + (features.map { [$0] } ?? []) {
      if let block = Graph.block(of: left) { exits[block, default: []].insert(left) }
    }
    return blocks.compactMap { block in
      guard let nodes = exits[block], nodes.count == 1, let node = nodes.first else { return nil }
      return (block, node)
    }
  }

  /// - Parameter input: the shape of one image, which gives the block's channels.
  /// - Throws: `GraphError.unknownNode` for a block without a single exit; `GraphError.shape`.
  public func adding(_ bottleneck: SeriesBottleneck, input: FeatureShape) throws(GraphError) -> Graph {
    guard let exit = blockExits.first(where: { $0.block == bottleneck.block })?.node else { throw .unknownNode(bottleneck.block) }
    let channels = try shapes(input: input)[exit]!.channels
    let names = bottleneck.nodeNames
    return try inserting(
      [
        Node(names[0], .convolution(ConvolutionOperator(channels, bottleneck.width, kernel: 1, hasBias: true)), [exit]),
        Node(names[1], .activation(.relu), [names[0]]),
        Node(names[2], .convolution(ConvolutionOperator(bottleneck.width, channels, kernel: 1, hasBias: true)), [names[1]]),
        Node(names[3], .add, [exit, names[2]]),
      ], after: exit)
  }
}
