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

  /// What it can be at most; nil without a bound.
  func largest(classes: Int) -> Double? {
    switch self {
    case .balancedMistakes, .mistakes: 1
    // A whole probability on a wrong class, which is one summand of two classes and two of more.
    case .brier: classes == 2 ? 1 : 2
    case .logLoss: nil
    }
  }

  /// The error that a value of the metric stands for.
  func error(_ value: Double) -> Double { metric.largerIsBetter ? 1 - value : value }

  /// Each patient's, of one fit's answers for a fold's test scans; for a balanced error each class apart, so that every resample of
  /// patients weighs its own classes equally.
  func errors(_ predictions: [Prediction]) -> [PatientError] {
    var sums: [String: [Int: (loss: Double, scans: Int)]] = [:]
    for prediction in predictions {
      guard let label = prediction.label else { continue }
      let group = self == .balancedMistakes ? label : 0
      let sum = sums[prediction.patient]?[group] ?? (0, 0)
      sums[prediction.patient, default: [:]][group] = (sum.loss + loss(prediction), sum.scans + 1)
    }
    return sums.sorted { $0.key < $1.key }.flatMap { patient, groups in
      groups.sorted { $0.key < $1.key }.map {
        PatientError(patient: patient, loss: $0.value.loss, weight: Double($0.value.scans), group: $0.key)
      }
    }
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
