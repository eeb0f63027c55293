/// What one model said about one scan that may have several findings at once, or none.
public struct MultiLabelPrediction: Hashable, Codable, Sendable {
  public let scan: String
  public let patient: String
  public let scanner: String
  /// By finding; absent where nobody looked for it. Such a scan takes no part in that finding's metrics.
  public let labels: [Bool?]
  /// By finding, each from 0 to 1 by itself.
  public let probabilities: [Double]

  public init(scan: String, patient: String, scanner: String, labels: [Bool?], probabilities: [Double]) {
    precondition(labels.count == probabilities.count, "\(labels.count) labels and \(probabilities.count) probabilities")
    self.scan = scan
    self.patient = patient
    self.scanner = scanner
    self.labels = labels
    self.probabilities = probabilities
  }

  /// One finding as a task of two classes.
  public func prediction(of finding: Int) -> Prediction {
    Prediction(
      scan: scan, patient: patient, scanner: scanner, label: labels[finding].map { $0 ? 1 : 0 },
      probabilities: [1 - probabilities[finding], probabilities[finding]])
  }
}

/// A metric of several findings: of each, and their mean.
public struct MultiLabelScore: Hashable, Codable, Sendable {
  public let metric: Metric
  /// By finding, over the scans that were labelled for it; `nil` where undefined.
  public let byFinding: [Double?]
  /// The mean over the findings in which it is defined.
  public let macro: Double?

  /// - Parameter predictions: all over the same findings.
  public init(_ metric: Metric, of predictions: [MultiLabelPrediction]) {
    let findings = predictions.first?.labels.count ?? 0
    byFinding = (0..<findings).map { finding in metric.value(of: predictions.map { $0.prediction(of: finding) }) }
    self.metric = metric
    let defined = byFinding.compactMap { $0 }
    macro = defined.isEmpty ? nil : defined.reduce(0, +) / Double(defined.count)
  }
}

/// A mean over findings with its interval.
public struct MacroEstimate: Hashable, Codable, Sendable {
  public let metric: Metric
  public let value: Double
  public let interval: Interval?
  public let patients: Int
}
