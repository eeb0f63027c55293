import Evaluation
import Foundation

/// The validation patients' loss and scores after an epoch.
struct ValidationMeasures: Hashable, Sendable {
  /// Mean cross-entropy per labelled scan, without class weights or smoothing: what early stopping watches doesn't change with them.
  let loss: Double?
  let accuracy: Double?
  let auroc: Double?

  /// Mean binary cross-entropy per known finding; the share of scans whose known findings are all on the right side of one half; the mean
  /// area over findings.
  init(_ predictions: [MultiLabelPrediction]) {
    let losses = predictions.flatMap { prediction in
      zip(prediction.labels, prediction.probabilities).compactMap { label, probability in
        label.map { -log(max($0 ? probability : 1 - probability, .leastNormalMagnitude)) }
      }
    }
    loss = losses.isEmpty ? nil : losses.reduce(0, +) / Double(losses.count)
    let right = predictions.count { zip($0.labels, $0.probabilities).allSatisfy { $0 == nil || $0 == ($1 > 0.5) } }
    accuracy = predictions.isEmpty ? nil : Double(right) / Double(predictions.count)
    auroc = MultiLabelScore(.auroc, of: predictions).macro
  }

  init(_ predictions: [Prediction]) {
    let labelled = predictions.filter { $0.label != nil }
    let losses = labelled.map { -log(max($0.probabilities[$0.label!], .leastNormalMagnitude)) }
    loss = losses.isEmpty ? nil : losses.reduce(0, +) / Double(losses.count)
    accuracy = Metric.accuracy.value(of: labelled)
    auroc = Metric.auroc.value(of: labelled)
  }
}
