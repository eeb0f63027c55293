import Graphs

extension Graph {
  /// The part of the network that the inputs of these layers need.
  func upTo(inputsOf layers: [String]) throws(GraphError) -> Graph {
    let part = try cut(from: [:], to: layers.map { self[$0]!.inputs[0] })
    // Only the last leaves it, so that what was only observed needs no memory beyond its last reader, and a frontier holds none of it.
    return try Graph(nodes: part.nodes, outputs: [part.nodes[part.nodes.count - 1].name])
  }
}
