/// What a set of predictions is scored by. Each is a pure function of labels and probabilities and may be undefined, which is `nil`.
public enum Metric: Hashable, Sendable {
  /// Share of scans whose most probable class is the label.
  case accuracy
  /// Mean recall over the classes present; undefined unless two are.
  case balancedAccuracy
  /// Area under the ROC curve by midranks. Two classes: of class 1's probability. More: the mean of one-versus-rest areas over
  /// the classes that have both sides.
  case auroc
  /// Recall of one class.
  case sensitivity(of: Int)
  /// Share of the scans of other classes that are not taken for this one.
  case specificity(of: Int)
  /// Two classes: mean squared error of class 1's probability. More: mean over scans of the squared errors summed over classes.
  /// Brier, "Verification of forecasts expressed in terms of probability", 1950.
  case brier
  /// Gap between confidence and accuracy in bins of equal width, weighted by their scans.
  /// Guo et al., "On Calibration of Modern Neural Networks", ICML 2017.
  case calibrationError(bins: Int)
  /// Two classes: F1 of class 1. More: mean over the classes that occur in labels or decisions.
  case f1
  /// Matthews correlation; for more than two classes Gorodkin's R_K.
  case matthewsCorrelation
  /// Cohen's kappa.
  case kappa

  /// The name in files and tables.
  public var name: String {
    switch self {
    case .accuracy: "accuracy"
    case .balancedAccuracy: "balanced_accuracy"
    case .auroc: "auroc"
    case .sensitivity(let index): "sensitivity_\(index)"
    case .specificity(let index): "specificity_\(index)"
    case .brier: "brier"
    case .calibrationError: "calibration_error"
    case .f1: "f1"
    case .matthewsCorrelation: "matthews_correlation"
    case .kappa: "kappa"
    }
  }

  /// The metric a name in a file stands for; calibration error has 15 bins.
  public init?(name: String) {
    switch name {
    case "accuracy": self = .accuracy
    case "balanced_accuracy": self = .balancedAccuracy
    case "auroc": self = .auroc
    case "brier": self = .brier
    case "calibration_error": self = .calibrationError(bins: 15)
    case "f1": self = .f1
    case "matthews_correlation": self = .matthewsCorrelation
    case "kappa": self = .kappa
    default:
      guard let separator = name.lastIndex(of: "_"), let index = Int(name[name.index(after: separator)...]), index >= 0 else { return nil }
      switch name[..<separator] {
      case "sensitivity": self = .sensitivity(of: index)
      case "specificity": self = .specificity(of: index)
      default: return nil
      }
    }
  }

  public var largerIsBetter: Bool {
    switch self {
    case .brier, .calibrationError: false
    default: true
    }
  }

  /// This metric of the labelled ones among some predictions; `nil` where it is undefined.
  public func value(of predictions: [Prediction]) -> Double? {
    let patients = PatientTable(folds: [predictions])
    return PreparedMetric(self, folds: [predictions], patients: patients).value(weights: patients.ones)
  }

  /// The mean over the folds in which this metric is defined; `nil` where it is in none.
  public func mean(overFolds folds: [[Prediction]]) -> Double? {
    let patients = PatientTable(folds: folds)
    return PreparedMetric(self, folds: folds, patients: patients).value(weights: patients.ones)
  }
}

extension Metric: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let name = try container.decode(String.self)
    guard let metric = Metric(name: name) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "no metric is called '\(name)'")
    }
    self = metric
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(name)
  }
}
