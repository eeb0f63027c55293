/// One strategy's error against the number of training patients, as measured and as fitted. (`LearningCurve` is over epochs.)
public struct DataCurve: Hashable, Codable, Sendable {
  /// The error at one number of training patients, over folds and draws.
  public struct Point: Hashable, Codable, Sendable {
    public let size: Int
    public let error: Double
    /// For other patients and other training subsets of this size.
    public let standardError: Double
    public let interval: Interval
  }

  /// The fitted numbers of `PowerLaw` with the intervals of their refits.
  public struct Fit: Hashable, Codable, Sendable {
    public let curve: PowerLaw
    public let floor: Interval
    public let scale: Interval
    public let rate: Interval
  }

  public let strategy: String
  public let points: [Point]
  /// `nil` with fewer than two sizes.
  public let fit: Fit?
  /// Test patients.
  public let patients: Int
  public let drawsPerFold: Int
}

/// The error of a strategy at a number of training patients that may not have been measured, from its fitted curve.
public struct PredictedError: Hashable, Codable, Sendable {
  public let strategy: String
  public let size: Int
  public let error: Double
  public let interval: Interval
  /// Above the largest size measured.
  public let isExtrapolated: Bool
  /// Above twice the largest size measured: the interval holds only if the curve keeps its shape, which the data can't show.
  public let isFarBeyondData: Bool
}
