/// Candidate minus reference on the same scans of the same patients, with the interval of that difference.
public struct PairedDifference: Hashable, Codable, Sendable {
  public let metric: Metric
  public let reference: Double
  public let candidate: Double
  public let difference: Double
  /// Absent where too little is known for one; `missing` says why.
  public let interval: Interval?
  public let method: IntervalMethod?
  public let missing: MissingInterval?
  /// Two-sided, of no difference; it agrees with `interval`.
  public let pValue: Double?
  public let standardError: Double?
  /// The paired BCa bootstrap, expanded for few patients, beside the interval.
  public let bootstrapInterval: Interval?
  public let patients: Int
  public let patientsPerClass: [Int]
  public let scans: Int
  public let undefinedResamples: Int

  /// The interval turned so that more is better, which for Brier, log loss and calibration errors it isn't.
  public var gainInterval: Interval? {
    guard let interval, !metric.largerIsBetter else { return interval }
    return Interval(lower: -interval.upper, upper: -interval.lower, level: interval.level)
  }
}

/// Two sets of predictions that cannot be compared scan by scan.
public struct ComparisonError: Error, Hashable, CustomStringConvertible {
  public let fold: Int
  /// A scan that only one of the two has, or whose label or patient they disagree on.
  public let scan: String

  public var description: String {
    "fold \(fold): '\(scan)' is not the same scan, with the same patient and label, in both sets of predictions"
  }
}

/// - Throws: `ComparisonError` where the two aren't predictions of the same scans, with the same patients and labels, fold by fold.
func requireSameScans(_ candidate: [[Prediction]], _ reference: [[Prediction]]) throws(ComparisonError) {
  for (fold, (first, second)) in zip(candidate, reference).enumerated() {
    let known = Dictionary(second.map { ($0.scan, $0) }, uniquingKeysWith: { old, _ in old })
    for prediction in first {
      guard let other = known[prediction.scan], other.patient == prediction.patient, other.label == prediction.label else {
        throw ComparisonError(fold: fold, scan: prediction.scan)
      }
    }
    if first.count != second.count {
      let present = Set(first.map(\.scan))
      throw ComparisonError(fold: fold, scan: second.first { !present.contains($0.scan) }?.scan ?? second.last?.scan ?? "")
    }
  }
  if candidate.count != reference.count {
    throw ComparisonError(fold: min(candidate.count, reference.count), scan: "")
  }
}
