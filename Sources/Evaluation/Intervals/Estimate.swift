/// A two-sided interval at a level such as 0.95.
public struct Interval: Hashable, Codable, Sendable {
  public let lower: Double
  public let upper: Double
  public let level: Double

  public init(lower: Double, upper: Double, level: Double) {
    self.lower = lower
    self.upper = upper
    self.level = level
  }
}

/// A metric's value on held-out patients with its patient-bootstrap interval.
public struct Estimate: Hashable, Codable, Sendable {
  public let metric: Metric
  /// Over folds, put together as the metric's `aggregation` says.
  public let value: Double
  /// Absent when the metric was undefined in more than a tenth of the resamples, or when there are fewer than two patients.
  public let interval: Interval?
  public let patients: Int
  /// Patients with at least one scan of each class, by class index.
  public let patientsPerClass: [Int]
  public let scans: Int
  public let undefinedResamples: Int
}

/// Candidate minus reference on the same scans of the same patients, with the interval of that difference.
public struct PairedDifference: Hashable, Codable, Sendable {
  public let metric: Metric
  public let reference: Double
  public let candidate: Double
  public let difference: Double
  public let interval: Interval?
  public let patients: Int
  public let patientsPerClass: [Int]
  public let scans: Int
  public let undefinedResamples: Int

  /// The interval turned so that more is better, which for Brier and calibration error it isn't.
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
