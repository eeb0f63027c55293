/// Two areas under the ROC curve over the same scans: their difference, its standard error and a two-sided test: z by DeLong,
/// clustered by patient Student's t with Welch's degrees of freedom of the two sides' patients.
public struct AreaComparison: Hashable, Codable, Sendable {
  /// What counts as independent.
  public enum Clustering: String, Hashable, Codable, Sendable {
    /// DeLong: every scan stands for itself.
    case none
    /// Obuchowski: scans of a patient are alike.
    case patient
  }

  public let candidate: Double
  public let reference: Double
  public var difference: Double { candidate - reference }
  public let standardError: Double
  public let pValue: Double
  public let interval: Interval

  /// `nil` when a side has too few scans or patients for a variance. Identical rankings have difference 0, error 0 and p = 1.
  public init?(candidate: StructuralComponents, reference: StructuralComponents, clustering: Clustering, level: Double = 0.95) {
    switch clustering {
    case .patient:
      guard let first = ClusteredArea([candidate]), let second = ClusteredArea([reference]) else { return nil }
      self.init(candidate: first, reference: second, level: level)
    case .none:
      guard let first = candidate.variance, let second = reference.variance, let shared = candidate.covariance(with: reference) else {
        return nil
      }
      let error = max(0, first + second - 2 * shared).squareRoot()
      let difference = candidate.area - reference.area
      self.init(
        candidate.area, reference.area, error: error,
        pValue: error > 0 ? 2 * NormalDistribution.cumulative(-abs(difference) / error) : difference == 0 ? 1 : 0,
        reach: NormalDistribution.quantile((1 + level) / 2) * error, level: level)
    }
  }

  /// Over several folds. `nil` with fewer than two patients on a side.
  init?(candidate: ClusteredArea, reference: ClusteredArea, level: Double) {
    let difference = candidate - reference
    guard let (variance, freedom) = difference.variance else { return nil }
    let student = StudentDistribution(degreesOfFreedom: freedom)
    let error = variance.squareRoot()
    self.init(
      candidate.area, reference.area, error: error,
      pValue: error > 0 ? student.twoSidedTail(difference.area / error) : difference.area == 0 ? 1 : 0,
      reach: student.quantile((1 + level) / 2) * error, level: level)
  }

  private init(_ candidate: Double, _ reference: Double, error: Double, pValue: Double, reach: Double, level: Double) {
    self.candidate = candidate
    self.reference = reference
    standardError = error
    self.pValue = pValue
    let difference = candidate - reference
    interval = Interval(lower: difference - reach, upper: difference + reach, level: level)
  }
}
