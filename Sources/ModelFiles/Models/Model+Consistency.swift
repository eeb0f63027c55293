import Graphs
import Imaging

/// Why a graph, values and a card are no model.
public struct ModelConsistencyError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Reason: Hashable, Sendable {
    case inputsOrOutputs(inputs: Int, outputs: Int)
    case noFeatures
    /// The output isn't the head's last linear layer.
    case noClassifier
    case labelCount(labels: Int, logits: Int)
    case repeatedLabel(String)
    case emptyLabel
    case channels(preprocessing: Int, network: Int)
    case inputShape(preprocessing: [Int], card: FeatureShape)
    case inputExtent(FeatureShape)
    case shapes(GraphError)
    /// A node's parameters aren't among the values, or the other way round.
    case parameters(ParameterID)
  }

  public let reason: Reason

  init(_ reason: Reason) { self.reason = reason }

  public var description: String {
    switch reason {
    case .inputsOrOutputs(let inputs, let outputs): "the network has \(inputs) inputs and \(outputs) outputs; expected one of each"
    case .noFeatures: "the network names no feature vector; expected the node before its head"
    case .noClassifier: "the network's output isn't a linear layer after its features"
    case .labelCount(let labels, let logits): "found \(labels) labels for \(logits) logits; expected one label per logit, in their order"
    case .repeatedLabel(let label): "the label '\(label)' stands twice"
    case .emptyLabel: "a label is empty"
    case .channels(let preprocessing, let network):
      "the preprocessing gives \(preprocessing) channels; the network's first convolution reads \(network) (--preprocess … channels=\(network))"
    case .inputShape(let preprocessing, let card): "the preprocessing gives images of \(preprocessing); the card says \(card)"
    case .inputExtent(let shape): "found an input of \(shape); expected 1 to 65536 pixels a side"
    case .shapes(let error): "the network can't be run on its input: \(error)"
    case .parameters(let id): "'\(id)' isn't a parameter of both the graph and its values"
    }
  }
}

extension Model {
  static func check(
    _ graph: Graph, _ declarations: [ParameterDeclaration], _ card: ModelCard
  ) throws(ModelConsistencyError) {
    guard graph.inputNodes.count == 1, graph.outputs.count == 1 else {
      throw ModelConsistencyError(.inputsOrOutputs(inputs: graph.inputNodes.count, outputs: graph.outputs.count))
    }
    guard graph.features != nil else { throw ModelConsistencyError(.noFeatures) }
    guard let classifier = graph.classifier, classifier.name == graph.outputs[0] else { throw ModelConsistencyError(.noClassifier) }
    guard classifier.operation.outputFeatures == card.labels.count else {
      throw ModelConsistencyError(.labelCount(labels: card.labels.count, logits: classifier.operation.outputFeatures))
    }
    var seen: Set<String> = []
    for label in card.labels {
      guard !label.isEmpty else { throw ModelConsistencyError(.emptyLabel) }
      guard seen.insert(label).inserted else { throw ModelConsistencyError(.repeatedLabel(label)) }
    }
    if case .input(let input)? = graph[graph.inputNodes[0]]?.operation, input.channels != card.preprocessing.channels {
      throw ModelConsistencyError(.channels(preprocessing: card.preprocessing.channels, network: input.channels))
    }
    if let shape = card.preprocessing.outputShape?.dimensions,
      shape != [card.inputShape.channels, card.inputShape.height, card.inputShape.width]
    {
      throw ModelConsistencyError(.inputShape(preprocessing: shape, card: card.inputShape))
    }
    guard (1...65536).contains(card.inputShape.height), (1...65536).contains(card.inputShape.width), card.inputShape.channels > 0 else {
      throw ModelConsistencyError(.inputExtent(card.inputShape))
    }
    do throws(GraphError) { _ = try graph.shapes(input: card.inputShape) } catch { throw ModelConsistencyError(.shapes(error)) }
    try check(graph.parameters, equal: declarations)
  }

  private static func check(_ needed: [ParameterDeclaration], equal found: [ParameterDeclaration]) throws(ModelConsistencyError) {
    let needed = Set(needed)
    let found = Set(found)
    if let first = needed.symmetricDifference(found).map(\.id).min() { throw ModelConsistencyError(.parameters(first)) }
  }
}
