/// Two areas under the ROC curve over the same scans: their difference, its standard error and a two-sided test, clustered by patient:
/// Student's t with Welch's degrees of freedom of the two sides' patients.
struct AreaComparison: Sendable {
  let standardError: Double
  let pValue: Double
  let interval: Interval

  /// `nil` with fewer than two patients on a side. Identical rankings have difference 0, error 0 and p = 1.
  init?(candidate: ClusteredArea, reference: ClusteredArea, level: Double) {
    let difference = candidate - reference
    guard let (variance, freedom) = difference.variance else { return nil }
    let student = StudentDistribution(degreesOfFreedom: freedom)
    standardError = variance.squareRoot()
    pValue = standardError > 0 ? student.twoSidedTail(difference.area / standardError) : difference.area == 0 ? 1 : 0
    let reach = student.quantile((1 + level) / 2) * standardError
    interval = Interval(lower: difference.area - reach, upper: difference.area + reach, level: level)
  }
}
