/// The corrected resampled t test on differences of a metric over cross-validation folds.
///
/// Training sets of folds overlap, so the plain t test is far too sure; the variance gets `1/K + n_test/n_train` instead of `1/K`.
/// Nadeau and Bengio, "Inference for the generalization error", 2003.
public struct FoldComparison: Hashable, Codable, Sendable {
  public let meanDifference: Double
  public let standardError: Double
  /// Two-sided. Differences without spread have p = 1 when they are zero, else 0.
  public let pValue: Double
  public let interval: Interval
  public let folds: Int

  /// - Parameters:
  ///   - differences: candidate minus reference, a value per fold.
  ///   - testShare: held-out patients over training patients, of a fold.
  /// - Returns: `nil` with fewer than two folds.
  public init?(differences: [Double], testShare: Double, level: Double = 0.95) {
    guard differences.count > 1 else { return nil }
    let count = Double(differences.count)
    let mean = differences.reduce(0, +) / count
    let variance = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
    let error = (variance * (1 / count + testShare)).squareRoot()
    let student = StudentDistribution(degreesOfFreedom: count - 1)
    meanDifference = mean
    standardError = error
    pValue = error > 0 ? student.twoSidedTail(mean / error) : mean == 0 ? 1 : 0
    let reach = student.quantile((1 + level) / 2) * error
    interval = Interval(lower: mean - reach, upper: mean + reach, level: level)
    folds = differences.count
  }
}
