/// A metric's value on held-out patients with its interval, clustered by patient.
public struct Estimate: Hashable, Codable, Sendable {
  public let metric: Metric
  /// Over folds, put together as the metric's `aggregation` says.
  public let value: Double
  /// Absent where too little is known for one; `missing` says why.
  public let interval: Interval?
  public let method: IntervalMethod?
  public let missing: MissingInterval?
  /// The expanded BCa interval, whatever method gave `interval`.
  public let bootstrapInterval: Interval?
  /// From leaving out one patient at a time.
  public let standardError: Double?
  public let patients: Int
  /// Patients with at least one scan of each class, by class index.
  public let patientsPerClass: [Int]
  public let scans: Int
  public let undefinedResamples: Int
}
