extension Graph {
  /// The part of the network between a set of tensors and a set of outputs: `from` become inputs, nodes that no output needs go.
  ///
  /// - Parameters:
  ///   - from: nodes whose results will be fed, with the channels each has (from `shapes`).
  ///   - outputs: the nodes whose results are wanted.
  /// - Throws: `GraphError.cutMisses` where an output needs a tensor that isn't fed and an input of the whole network is reached,
  ///   unless that input is itself among `from` or `from` is empty.
  public func cut(from channels: [String: Int], to outputs: [String]) throws(GraphError) -> Graph {
    var needed = Set(outputs)
    for node in nodes.reversed() where needed.contains(node.name) && channels[node.name] == nil { needed.formUnion(node.inputs) }
    var kept: [Node] = []
    for node in nodes where needed.contains(node.name) {
      if let count = channels[node.name] {
        kept.append(Node(node.name, .input(InputOperator(channels: count))))
      } else {
        if case .input = node.operation, !channels.isEmpty { throw .cutMisses(node: outputs.joined(separator: ", "), input: node.name) }
        kept.append(node)
      }
    }
    let names = Set(kept.map(\.name))
    return try Graph(nodes: kept, outputs: outputs, features: features.flatMap { names.contains($0) ? $0 : nil })
  }

  /// The tensors that are alive just after `node`: computed at or before it and read after it, or leaving the graph.
  public func frontier(after node: String) -> [String] {
    guard let position = nodes.firstIndex(where: { $0.name == node }) else { preconditionFailure("no node is named \(node)") }
    let later = Set(nodes[(position + 1)...].flatMap(\.inputs)).union(outputs)
    return nodes[...position].map(\.name).filter(later.contains)
  }
}
