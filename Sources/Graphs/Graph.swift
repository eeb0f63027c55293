/// One step of a network: its state-dict path, what it computes, and the nodes it reads.
public struct Node: Hashable, Sendable, Codable {
  public let name: String
  public var operation: Operator
  public var inputs: [String]

  public init(_ name: String, _ operation: Operator, _ inputs: [String] = []) {
    self.name = name
    self.operation = operation
    self.inputs = inputs
  }
}

/// What is wrong with a list of nodes.
public enum GraphError: Error, Hashable, Sendable, CustomStringConvertible {
  case duplicateNode(String)
  /// `node` reads `input`, which isn't an earlier node.
  case unknownInput(node: String, input: String)
  case unknownOutput(String)
  /// A rewrite is about a node that isn't there.
  case unknownNode(String)
  case shape(node: String, OperatorShapeError)
  /// The inputs fed don't cover this input node.
  case missingInput(String)
  /// A tensor was cut out that a kept node still reads.
  case cutMisses(node: String, input: String)

  public var description: String {
    switch self {
    case .duplicateNode(let name): "two nodes are named '\(name)'"
    case .unknownInput(let node, let input): "the node '\(node)' reads '\(input)', which isn't an earlier node"
    case .unknownOutput(let name): "the output '\(name)' isn't a node"
    case .unknownNode(let name): "no node is named '\(name)'"
    case .shape(let node, let error): "the node '\(node)' \(error)"
    case .missingInput(let name): "nothing is fed to the input '\(name)'"
    case .cutMisses(let node, let input): "'\(node)' needs '\(input)', which was cut away"
    }
  }
}

/// A network as a value: nodes in topological order, each named by its state-dict path.
///
/// A model is data. Swapping a normalization, adding LoRA, cutting off a prefix are functions from graph to graph; nothing is a
/// mode of an object. Values live in `Parameters`, under the names that `parameters` declares.
public struct Graph: Hashable, Sendable, Codable {
  public private(set) var nodes: [Node]
  /// The nodes whose results leave the graph; for a whole network one, its logits.
  public private(set) var outputs: [String]
  /// The node that yields the feature vector; all after it is the head. Nil in a cut without one.
  public private(set) var features: String?

  /// - Throws: `GraphError` for a repeated name, or a name read before it is computed.
  public init(nodes: [Node], outputs: [String], features: String? = nil) throws(GraphError) {
    var known: Set<String> = []
    for node in nodes {
      for input in node.inputs where !known.contains(input) { throw .unknownInput(node: node.name, input: input) }
      guard known.insert(node.name).inserted else { throw .duplicateNode(node.name) }
    }
    for output in outputs + (features.map { [$0] } ?? []) where !known.contains(output) { throw .unknownOutput(output) }
    self.nodes = nodes
    self.outputs = outputs
    self.features = features
  }

  public subscript(name: String) -> Node? { nodes.first { $0.name == name } }

  /// Every parameter the nodes need, in node order.
  public var parameters: [ParameterDeclaration] { nodes.flatMap { $0.operation.parameters(at: $0.name) } }

  public var inputNodes: [String] {
    nodes.compactMap { if case .input = $0.operation { $0.name } else { nil } }
  }

  /// The normalization nodes in the order data meets them.
  public var normalizations: [(name: String, operation: NormalizationOperator)] {
    nodes.compactMap { if case .normalization(let operation) = $0.operation { ($0.name, operation) } else { nil } }
  }

  /// Each node's output shape for one image.
  /// - Parameter inputs: the shape fed at each input node.
  public func shapes(inputs: [String: FeatureShape]) throws(GraphError) -> [String: FeatureShape] {
    var shapes: [String: FeatureShape] = [:]
    for node in nodes {
      var fed = node.inputs.map { shapes[$0]! }
      if case .input = node.operation {
        guard let shape = inputs[node.name] else { throw .missingInput(node.name) }
        fed = [shape]
      }
      let shape: FeatureShape
      do { shape = try node.operation.outputShape(of: fed) } catch { throw .shape(node: node.name, error) }
      guard shape.isWithinLimits else {
        throw .shape(node: node.name, OperatorShapeError(expected: "at most 2²⁶ channels of 2¹⁷ pixels a side", found: [shape]))
      }
      shapes[node.name] = shape
    }
    return shapes
  }

  /// The whole network's shapes for one image fed at its only input.
  public func shapes(input: FeatureShape) throws(GraphError) -> [String: FeatureShape] {
    try shapes(inputs: Dictionary(uniqueKeysWithValues: inputNodes.map { ($0, input) }))
  }

  /// For each node, the nodes that read it.
  public var readers: [String: [String]] {
    var readers: [String: [String]] = [:]
    for node in nodes { for input in node.inputs { readers[input, default: []].append(node.name) } }
    return readers
  }
}
