/// Two areas under the ROC curve over the same scans: their difference, its standard error and a two-sided z test.
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
    let parts: (Double?, Double?, Double?) =
      switch clustering {
      case .none: (candidate.variance, reference.variance, candidate.covariance(with: reference))
      case .patient: (candidate.clusteredVariance, reference.clusteredVariance, candidate.clusteredCovariance(with: reference))
      }
    guard let first = parts.0, let second = parts.1, let shared = parts.2 else { return nil }
    self.candidate = candidate.area
    self.reference = reference.area
    standardError = max(0, first + second - 2 * shared).squareRoot()
    let difference = candidate.area - reference.area
    if standardError > 0 {
      pValue = 2 * NormalDistribution.cumulative(-abs(difference) / standardError)
    } else {
      pValue = difference == 0 ? 1 : 0
    }
    let reach = NormalDistribution.quantile((1 + level) / 2) * standardError
    interval = Interval(lower: difference - reach, upper: difference + reach, level: level)
  }
}
