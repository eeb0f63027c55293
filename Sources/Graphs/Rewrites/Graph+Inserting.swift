extension Graph {
  /// The graph with nodes added right behind one: what read it reads the last of them instead, the added ones aside.
  ///
  /// An output or the feature vector that was the node is the last added one from then on. No node changes its name.
  /// - Parameters:
  ///   - added: in topological order; they may read the node, whatever comes before it, and each other.
  ///   - name: the node they go behind, or beside where they read its inputs.
  /// - Throws: `GraphError.unknownNode`; for an added name that is taken, or an input that isn't there yet, as `init`.
  public func inserting(_ added: [Node], after name: String) throws(GraphError) -> Graph {
    guard let position = nodes.firstIndex(where: { $0.name == name }) else { throw .unknownNode(name) }
    guard let last = added.last?.name else { return self }
    let readers = nodes[(position + 1)...].map { $0.reading(last, insteadOf: name) }
    return try Graph(
      nodes: nodes[...position] + added + readers, outputs: outputs.map { $0 == name ? last : $0 },
      features: features == name ? last : features)
  }

  /// The graph without the nodes that `inserting(_:after:)` put behind `name`.
  ///
  /// - Parameter added: their names; what read the last one reads `name` again.
  /// - Throws: `GraphError.unknownNode`; `GraphError.unknownInput` where a kept node reads another of them.
  public func removing(_ added: [String], after name: String) throws(GraphError) -> Graph {
    for node in added + [name] where self[node] == nil { throw .unknownNode(node) }
    guard let last = added.last else { return self }
    let removed = Set(added)
    let kept = nodes.filter { !removed.contains($0.name) }.map { $0.reading(name, insteadOf: last) }
    return try Graph(
      nodes: kept, outputs: outputs.map { $0 == last ? name : $0 }, features: features == last ? name : features)
  }
}

extension Node {
  fileprivate func reading(_ name: String, insteadOf old: String) -> Node {
    Node(self.name, operation, inputs.map { $0 == old ? name : $0 })
  }
}
