import Graphs
import Tensors

extension Model {
  /// The same model with logits for further classes behind the old ones: the old rows keep their bits, the new ones are zero.
  /// - Throws: `ModelConsistencyError` for a label that is there already, or a head that doesn't end with a linear layer.
  public func extendingHead(by labels: [String]) throws(ModelConsistencyError) -> Model {
    guard let classifier = graph.classifier, let extended = graph.replacingClasses(with: card.labels.count + labels.count) else {
      throw ModelConsistencyError(.noClassifier)
    }
    var values = parameters.matching(extended.parameters)
    for declaration in Operator.linear(classifier.operation).parameters(at: classifier.name) {
      parameters.withValues(of: declaration.id) { old in
        values.withMutableValues(of: declaration.id) {
          _ = UnsafeMutableBufferPointer(rebasing: $0[..<old.count]).update(fromContentsOf: old)
        }
      }
    }
    var card = card
    card.labels += labels
    return try Model(graph: extended, parameters: values, card: card)
  }
}
