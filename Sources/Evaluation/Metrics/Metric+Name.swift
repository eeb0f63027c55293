extension Metric {
  /// The name in files and tables.
  public var name: String {
    switch self {
    case .auroc: "auroc"
    case .aurocOneVersusOne: "auroc_one_versus_one"
    case .averagePrecision: "auprc"
    case .accuracy: "accuracy"
    case .balancedAccuracy: "balanced_accuracy"
    case .sensitivity(let index): "sensitivity_\(index)"
    case .specificity(let index): "specificity_\(index)"
    case .sensitivityAtThreshold: "sensitivity_at_threshold"
    case .specificityAtThreshold: "specificity_at_threshold"
    case .f1: "f1"
    case .matthewsCorrelation: "matthews_correlation"
    case .kappa: "kappa"
    case .brier: "brier"
    case .logLoss: "log_loss"
    case .calibrationError: "calibration_error"
    case .calibrationErrorEqualMass: "calibration_error_equal_mass"
    }
  }

  /// The metric a name in a file stands for; calibration errors have 15 bins.
  public init?(name: String) {
    let plain: [Metric] = [
      .auroc, .aurocOneVersusOne, .averagePrecision, .accuracy, .balancedAccuracy, .sensitivityAtThreshold, .specificityAtThreshold, .f1,
      .matthewsCorrelation, .kappa, .brier, .logLoss, .calibrationError(bins: 15), .calibrationErrorEqualMass(bins: 15),
    ]
    if let metric = plain.first(where: { $0.name == name }) {
      self = metric
      return
    }
    guard let separator = name.lastIndex(of: "_"), let index = Int(name[name.index(after: separator)...]), index >= 0 else { return nil }
    switch name[..<separator] {
    case "sensitivity": self = .sensitivity(of: index)
    case "specificity": self = .specificity(of: index)
    default: return nil
    }
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
