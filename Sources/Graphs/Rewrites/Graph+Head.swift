extension Graph {
  /// The graph with `classes` logits: only the last linear layer changes. Nil where the head doesn't end with a linear layer.
  public func replacingClasses(with classes: Int) -> Graph? {
    guard let classifier else { return nil }
    let changed = nodes.map { node in
      guard node.name == classifier.name else { return node }
      let layer = LinearOperator(
        inputFeatures: classifier.operation.inputFeatures, outputFeatures: classes, hasBias: classifier.operation.hasBias)
      return Node(node.name, .linear(layer), node.inputs)
    }
    return try! Graph(nodes: changed, outputs: outputs, features: features)
  }
}
