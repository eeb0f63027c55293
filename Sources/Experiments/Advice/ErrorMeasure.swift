import Evaluation
import Foundation

/// What a learning curve is of: an error that is a mean over scans, so that it can be put together patient by patient.
public enum ErrorMeasure: String, Hashable, Codable, Sendable, CaseIterable {
  /// One minus balanced accuracy: each class counts the same.
  case balancedMistakes = "balanced_error"
  /// One minus accuracy.
  case mistakes = "error"
  case brier
  case logLoss = "log_loss"

  init?(_ metric: Metric) {
    guard let found = Self.allCases.first(where: { $0.metric == metric }) else { return nil }
    self = found
  }

  /// What paired differences are taken of.
  public var metric: Metric {
    switch self {
    case .balancedMistakes: .balancedAccuracy
    case .mistakes: .accuracy
    case .brier: .brier
    case .logLoss: .logLoss
    }
  }

  /// The error that a value of the metric stands for.
  func error(_ value: Double) -> Double { metric.largerIsBetter ? 1 - value : value }

  /// Each patient's, of one fit's answers for a fold's test scans.
  /// - Parameter classCounts: labelled test scans of each class over all folds.
  func errors(_ predictions: [Prediction], classCounts: [Int]) -> [PatientError] {
    var sums: [String: (loss: Double, weight: Double)] = [:]
    for prediction in predictions {
      guard let label = prediction.label else { continue }
      let weight = self == .balancedMistakes ? 1 / Double(classCounts[label]) : 1
      let sum = sums[prediction.patient, default: (0, 0)]
      sums[prediction.patient] = (sum.loss + weight * loss(prediction), sum.weight + weight)
    }
    return sums.sorted { $0.key < $1.key }.map { PatientError(patient: $0.key, loss: $0.value.loss, weight: $0.value.weight) }
  }

  private func loss(_ prediction: Prediction) -> Double {
    let label = prediction.label!
    switch self {
    case .balancedMistakes, .mistakes: return prediction.decision == label ? 0 : 1
    case .brier:
      // As `Metric.brier`: of class 1's probability where there are two classes, else summed over classes.
      let squares = prediction.probabilities.enumerated().map { ($1 - ($0 == label ? 1 : 0)) * ($1 - ($0 == label ? 1 : 0)) }
      return squares.count == 2 ? squares[1] : squares.reduce(0, +)
    case .logLoss:
      let edge = 2.220446049250313e-16
      return -log(min(max(prediction.probabilities[label], edge), 1 - edge))
    }
  }
}
