import Graphs

/// A network ready for use: graph, values and card. A value: copying it is a snapshot.
public struct Model: Sendable {
  public private(set) var graph: Graph
  public var parameters: Parameters
  public var card: ModelCard

  /// - Throws: `ModelConsistencyError` where graph, values and card don't belong together.
  public init(graph: Graph, parameters: Parameters, card: ModelCard) throws(ModelConsistencyError) {
    try Self.check(graph, parameters.declarations, card)
    self.graph = graph
    self.parameters = parameters
    self.card = card
  }

  /// The name of the input that images are fed to.
  public var input: String { graph.inputNodes[0] }

  /// The name of the output that yields logits.
  public var logits: String { graph.outputs[0] }

  /// The name of the node that yields the feature vector.
  public var features: String { graph.features! }

  /// The input's shape by name, as `Executor` and `Graph.shapes` take it.
  public var inputs: [String: FeatureShape] { [input: card.inputShape] }

  /// The same model after a rewrite: values kept where name and shape are the same, zero where they are new.
  /// - Throws: `ModelConsistencyError` where the rewrite leaves no usable model.
  public func replacingGraph(_ rewritten: Graph) throws(ModelConsistencyError) -> Model {
    try Model(graph: rewritten, parameters: parameters.matching(rewritten.parameters), card: card)
  }

  /// The same backbone with a fresh head for other labels; a Sequential keeps its hidden layers' sizes, all of it starts anew.
  public func replacingHead(
    labels: [String], output: ModelCard.Output = .softmax, seed: UInt64
  ) throws(ModelConsistencyError) -> Model {
    guard let graph = graph.replacingClasses(with: labels.count) else { throw ModelConsistencyError(.noClassifier) }
    var values = parameters.matching(graph.parameters)
    graph.initializeHead(in: &values, seed: seed)
    var card = card
    card.labels = labels
    card.output = output
    return try Model(graph: graph, parameters: values, card: card)
  }

  /// A built-in network with fresh weights, that no patient's data ever reached.
  public static func initialized(_ architecture: Architecture, card: ModelCard, seed: UInt64) throws(ModelConsistencyError) -> Model {
    let graph = architecture.graph(inputChannels: card.inputShape.channels, classes: card.labels.count)
    return try Model(graph: graph, parameters: graph.initialParameters(seed: seed), card: card)
  }
}
