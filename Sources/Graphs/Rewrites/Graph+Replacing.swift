extension Graph {
  /// The graph with each node passed through `transform`, which may change operation and inputs but not the name.
  public func mapNodes(_ transform: (Node) throws -> Node) throws -> Graph {
    try Graph(nodes: try nodes.map(transform), outputs: outputs, features: features)
  }

  /// The graph with each normalization passed through `transform`.
  public func mapNormalizations(_ transform: (String, NormalizationOperator) -> NormalizationOperator) -> Graph {
    let changed = nodes.map { node in
      guard case .normalization(let operation) = node.operation else { return node }
      return Node(node.name, .normalization(transform(node.name, operation)), node.inputs)
    }
    // Names and wiring are those of a valid graph.
    return try! Graph(nodes: changed, outputs: outputs, features: features)
  }
}
