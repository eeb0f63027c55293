/// A graph from outside is checked as strictly as one made here: names, wiring, and every operator's data.
extension Graph {
  // Not private: the encoder is synthesized in another file.
  enum CodingKeys: String, CodingKey {
    case nodes, outputs, features
  }

  /// - Throws: `DecodingError`, `GraphError` or `OperatorDataError`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let nodes = try container.decode([Node].self, forKey: .nodes)
    guard nodes.count <= 20_000 else {
      throw DecodingError.dataCorruptedError(
        forKey: .nodes, in: container, debugDescription: "\(nodes.count) nodes; expected at most 20000")
    }
    for node in nodes { try node.checkData() }
    try self.init(
      nodes: nodes, outputs: try container.decode([String].self, forKey: .outputs),
      features: try container.decodeIfPresent(String.self, forKey: .features))
  }
}
