/// Where a node stands in its network, read from its state-dict path; and how much it holds.
extension Graph {
  /// The nodes after the feature vector. Empty in a graph without `features`.
  public var headNodes: [Node] {
    guard let features, let position = nodes.firstIndex(where: { $0.name == features }) else { return [] }
    return Array(nodes[(position + 1)...])
  }

  /// The parameters of the head.
  public var headParameters: [ParameterDeclaration] { headNodes.flatMap { $0.operation.parameters(at: $0.name) } }

  /// The linear layer that yields the logits; nil where the head doesn't end with one.
  public var classifier: (name: String, operation: LinearOperator)? {
    for node in headNodes.reversed() { if case .linear(let operation) = node.operation { return (node.name, operation) } }
    return nil
  }

  /// The first convolution: it reads the image.
  public var stem: Node? {
    nodes.first { if case .convolution = $0.operation { true } else { false } }
  }

  /// The block a node belongs to: `layer1.0` of `layer1.0.bn2`, `features.3` of `features.3.conv.0.1`,
  /// `features.denseblock1.denselayer2` of `….norm1`; nil in a stem, a head, or a network without blocks.
  public static func block(of name: String) -> String? { places(of: name).block }

  /// The stage a node belongs to: `layer1` of `layer1.0.bn2`, `features.denseblock1` of `….denselayer2.norm1`. Networks whose blocks
  /// are numbered through have no stages beyond them: `features.3`.
  public static func stage(of name: String) -> String? { places(of: name).stage }

  /// The blocks in the order data meets them.
  public var blocks: [String] {
    var blocks: [String] = []
    let head = Set(headNodes.map(\.name))
    for node in nodes where !head.contains(node.name) {
      if let block = Graph.block(of: node.name), block != blocks.last, !blocks.contains(block) { blocks.append(block) }
    }
    return blocks
  }

  /// The number of values that a gradient could train, and of those that are running statistics.
  public var parameterCounts: (trainable: Int, buffers: Int) {
    var counts = (trainable: 0, buffers: 0)
    for declaration in parameters {
      if declaration.role == .buffer { counts.buffers += declaration.shape.count } else { counts.trainable += declaration.shape.count }
    }
    return counts
  }

  /// The stage is the path up to its first numbered component, the layer's own name aside; the block goes one numbered component
  /// further where the first was a name with a number (`layer1`, not `3`).
  private static func places(of name: String) -> (stage: String?, block: String?) {
    let components = name.split(separator: ".").dropLast()
    guard let first = components.firstIndex(where: { $0.last!.isNumber }) else { return (nil, nil) }
    let stage = components[...first].joined(separator: ".")
    guard Int(components[first]) == nil, first + 1 < components.endIndex, components[first + 1].last!.isNumber else {
      return (stage, stage)
    }
    return (stage, components[...(first + 1)].joined(separator: "."))
  }
}
