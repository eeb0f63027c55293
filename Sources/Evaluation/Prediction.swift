/// What one model said about one scan it was not fitted on.
///
/// Identifiers are strings here, because this room knows nothing of cohorts: `patient` is what intervals are clustered by,
/// `scanner` what tables are split by.
public struct Prediction: Hashable, Codable, Sendable {
  public let scan: String
  public let patient: String
  public let scanner: String
  /// Index of the true class; absent where nobody labelled the scan. Unlabelled scans take part in no metric.
  public let label: Int?
  /// One probability per class, in the model's class order; they sum to one.
  public let probabilities: [Double]

  public init(scan: String, patient: String, scanner: String, label: Int?, probabilities: [Double]) {
    self.scan = scan
    self.patient = patient
    self.scanner = scanner
    self.label = label
    self.probabilities = probabilities
  }

  /// The most probable class; the first of equals.
  public var decision: Int {
    var best = 0
    for (index, probability) in probabilities.enumerated() where probability > probabilities[best] { best = index }
    return best
  }
}
