import Evaluation
import Foundation

/// How numbers are written in every table, plot and sentence. What is undefined or unknown is a dash, never a zero.
enum Figures {
  static let absent = "–"

  static func score(_ value: Double?) -> String { value.map { String(format: "%.3f", tidied($0)) } ?? absent }

  static func signed(_ value: Double?) -> String { value.map { String(format: "%+.3f", tidied($0)) } ?? absent }

  static func interval(_ interval: Interval?) -> String {
    interval.map { "[\(score($0.lower)), \(score($0.upper))]" } ?? "[\(absent)]"
  }

  static func signedInterval(_ interval: Interval?) -> String {
    interval.map { "[\(signed($0.lower)), \(signed($0.upper))]" } ?? "[\(absent)]"
  }

  static func estimate(_ estimate: Estimate?) -> String {
    estimate.map { "\(score($0.value)) \(interval($0.interval))" } ?? "undefined"
  }

  static func difference(_ difference: PairedDifference?) -> String {
    difference.map { "\(signed($0.difference)) \(signedInterval($0.interval))" } ?? "undefined"
  }

  static func pValue(_ value: Double?) -> String {
    value.map { $0 < 0.001 ? "<0.001" : String(format: "%.3f", $0) } ?? absent
  }

  static func count(_ value: Int?) -> String {
    guard let value else { return absent }
    var digits = String(abs(value))
    var groups: [String] = []
    while digits.count > 3 {
      groups.insert(String(digits.suffix(3)), at: 0)
      digits.removeLast(3)
    }
    return (value < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
  }

  static func seconds(_ value: Double?) -> String {
    guard let value else { return absent }
    if value >= 120 { return String(format: "%.0f min", value / 60) }
    return String(format: value < 9.95 ? "%.1f s" : "%.0f s", value)
  }

  static func percent(_ share: Double) -> String {
    String(format: share * 100 == (share * 100).rounded() ? "%.0f %%" : "%.1f %%", share * 100)
  }

  /// Of a whole, small ones to two digits.
  static func share(_ share: Double) -> String { String(format: share < 0.0995 ? "%.2g %%" : "%.0f %%", share * 100) }

  static func memory(_ bytes: Int?) -> String { bytes.map { "\(short((Double($0) / 1e7).rounded() / 100)) GB" } ?? absent }

  static func patients(_ count: Int) -> String { "\(Figures.count(count)) patient\(count == 1 ? "" : "s")" }

  /// A probability, small ones with their magnitude.
  static func probability(_ value: Double?) -> String {
    value.map { String(format: $0 < 0.001 ? "%.1e" : "%.3f", $0) } ?? absent
  }

  /// Whole numbers as they are, others to three digits.
  static func short(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e9 ? count(Int(value)) : String(format: "%.3g", value)
  }

  /// Full precision, for files that programs read; empty where there is no value.
  static func exact(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }

  /// Rounding must not leave "-0.000".
  private static func tidied(_ value: Double) -> Double { abs(value) < 0.0005 ? 0 : value }
}

extension Metric {
  /// The name as people read it, class indices by their label.
  func title(classes: [String]) -> String {
    func label(_ index: Int) -> String { index < classes.count ? "'\(classes[index].visible())'" : "class \(index)" }
    return switch self {
    case .accuracy: "accuracy"
    case .balancedAccuracy: "balanced accuracy"
    case .auroc: "AUROC"
    case .aurocOneVersusOne: "AUROC (one versus one)"
    case .averagePrecision: "AUPRC"
    case .sensitivity(let index): "sensitivity to \(label(index))"
    case .specificity(let index): "specificity for \(label(index))"
    case .sensitivityAtThreshold: "sensitivity at the threshold"
    case .specificityAtThreshold: "specificity at the threshold"
    case .brier: "Brier score"
    case .logLoss: "log loss"
    case .calibrationError: "calibration error"
    case .calibrationErrorEqualMass: "calibration error (equal mass)"
    case .f1: "F1"
    case .matthewsCorrelation: "Matthews correlation"
    case .kappa: "kappa"
    }
  }
}
