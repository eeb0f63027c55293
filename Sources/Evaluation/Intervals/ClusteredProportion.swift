/// A share of scans, counted by patient: how many scans each patient has, and how many of them count.
struct ClusteredProportion: Sendable {
  let value: Double
  /// Patients with a scan.
  let patients: Int
  /// Each patient's `(count - value * scans) / all scans`, by patient index; their squares add up to the variance.
  let influence: [Double]
  private let scans: Double
  private let isOneScanEach: Bool

  /// - Parameters: by patient index. `nil` without a scan.
  init?(counts: [Double], scans: [Double]) {
    let total = scans.reduce(0, +)
    guard total > 0 else { return nil }
    let share = counts.reduce(0, +) / total
    value = share
    self.scans = total
    patients = scans.count { $0 > 0 }
    influence = zip(counts, scans).map { ($0 - share * $1) / total }
    isOneScanEach = scans.allSatisfy { $0 <= 1 }
  }

  /// Of the ratio of sums over patients; `nil` with fewer than two.
  var variance: Double? {
    guard patients > 1 else { return nil }
    return Double(patients) / Double(patients - 1) * influence.reduce(0) { $0 + $1 * $1 }
  }

  var method: IntervalMethod { isOneScanEach ? .wilson : .clusteredWilson }

  /// Wilson's score interval; with several scans a patient its number of scans is divided by the design effect, never less than 1, and
  /// its normal quantile is Student's with one degree of freedom less than patients. Where no scan or every scan counts, which shows no
  /// design effect, a patient counts as one scan.
  ///
  /// Wilson 1927; Korn and Graubard, "Confidence intervals for proportions with small expected number of positive counts estimated from
  /// survey data", Survey Methodology 1998; Saha, Miller and Wang, "A comparison of some approximate confidence intervals for a single
  /// proportion for clustered binary outcome data", Int. J. Biostatistics 2016.
  func interval(level: Double) -> Interval? {
    guard let variance else { return nil }
    if isOneScanEach {
      return wilson(value, count: scans, quantile: NormalDistribution.quantile((1 + level) / 2), level: level)
    }
    let binomial = value * (1 - value) / scans
    let designEffect = binomial > 0 ? max(1, variance / binomial) : scans / Double(patients)
    let student = StudentDistribution(degreesOfFreedom: Double(patients - 1))
    return wilson(value, count: scans / designEffect, quantile: student.quantile((1 + level) / 2), level: level)
  }

  /// The mean of several shares over the same patients. The distances from each share to the ends of its interval stand for its
  /// variance on that side; shares of the same patients are correlated as their influences are.
  ///
  /// Zou and Donner, "Construction of confidence limits about effect measures: a general approach", Statistics in Medicine 2008.
  static func mean(of shares: [ClusteredProportion], level: Double) -> Interval? {
    guard shares.count > 1 else { return nil }
    let intervals = shares.compactMap { $0.interval(level: level) }
    guard intervals.count == shares.count else { return nil }
    let mean = shares.reduce(0) { $0 + $1.value } / Double(shares.count)
    var below = 0.0
    var above = 0.0
    for (i, first) in shares.enumerated() {
      for (j, second) in shares.enumerated() {
        let correlation = i == j ? 1 : Self.correlation(first, second)
        below += correlation * (first.value - intervals[i].lower) * (second.value - intervals[j].lower)
        above += correlation * (intervals[i].upper - first.value) * (intervals[j].upper - second.value)
      }
    }
    let count = Double(shares.count)
    return Interval(
      lower: max(0, mean - max(0, below).squareRoot() / count), upper: min(1, mean + max(0, above).squareRoot() / count), level: level)
  }

  private static func correlation(_ first: ClusteredProportion, _ second: ClusteredProportion) -> Double {
    let squares = first.influence.reduce(0) { $0 + $1 * $1 } * second.influence.reduce(0) { $0 + $1 * $1 }
    guard squares > 0 else { return 0 }
    return zip(first.influence, second.influence).reduce(0) { $0 + $1.0 * $1.1 } / squares.squareRoot()
  }
}

/// Wilson's score interval of a share of `count` observations. "Probable inference, the law of succession, and statistical inference",
/// JASA 1927.
func wilson(_ share: Double, count: Double, quantile z: Double, level: Double) -> Interval {
  let shrink = 1 + z * z / count
  let centre = (share + z * z / (2 * count)) / shrink
  let reach = z / shrink * (share * (1 - share) / count + z * z / (4 * count * count)).squareRoot()
  // At the ends the formula gives 0 and 1 but for rounding.
  return Interval(
    lower: share == 0 ? 0 : max(0, centre - reach), upper: share == 1 ? 1 : min(1, centre + reach), level: level)
}
