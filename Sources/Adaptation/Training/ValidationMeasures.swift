import Evaluation
import Foundation

/// The validation patients' loss and scores after an epoch.
struct ValidationMeasures: Hashable, Sendable {
  /// Mean cross-entropy per labelled scan, without class weights or smoothing: what early stopping watches doesn't change with them.
  let loss: Double?
  let accuracy: Double?
  let auroc: Double?

  init(_ predictions: [Prediction]) {
    let labelled = predictions.filter { $0.label != nil }
    let losses = labelled.map { -log(max($0.probabilities[$0.label!], .leastNormalMagnitude)) }
    loss = losses.isEmpty ? nil : losses.reduce(0, +) / Double(losses.count)
    accuracy = Metric.accuracy.value(of: labelled)
    auroc = Metric.auroc.value(of: labelled)
  }
}
