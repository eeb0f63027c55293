import Foundation

/// A number, the same number under every resample of the patients, and with each patient left out.
struct ResampledStatistic: Sendable {
  let value: Double
  /// Not a number where undefined.
  let resampled: [Double]
  /// By stratum; the values with each group of patients left out. Not a number where undefined.
  let leftOut: [[Double]]

  /// Candidate minus reference, resample by resample.
  static func - (candidate: ResampledStatistic, reference: ResampledStatistic) -> ResampledStatistic {
    ResampledStatistic(
      value: candidate.value - reference.value, resampled: zip(candidate.resampled, reference.resampled).map { $0 - $1 },
      leftOut: zip(candidate.leftOut, reference.leftOut).map { zip($0, $1).map { $0 - $1 } })
  }

  var undefined: Int { resampled.count { $0.isNaN } }

  /// What leaving out patients shows. `nil` with fewer than two in every stratum.
  struct Jackknife: Sendable {
    /// `sum(l^3) / 6 sum(l^2)^1.5` over influences l.
    let acceleration: Double
    let variance: Double
    /// Welch's over strata.
    let degreesOfFreedom: Double
    /// The standard error over that of the bootstrap, whose n patients of a stratum vary by `(n-1)/n` too little.
    let inflation: Double
  }

  var jackknife: Jackknife? {
    var cubes = 0.0
    var squares = 0.0
    var parts: [(variance: Double, freedom: Double)] = []
    for stratum in leftOut {
      let values = stratum.filter { !$0.isNaN }
      guard values.count > 1 else { continue }
      let count = Double(values.count)
      let centre = values.reduce(0, +) / count
      var own = 0.0
      for value in values {
        let influence = (1 - 1 / count) * (centre - value)
        cubes += influence * influence * influence
        own += influence * influence
      }
      squares += own
      parts.append((own * count / (count - 1), count - 1))
    }
    guard !parts.isEmpty else { return nil }
    let variance = parts.reduce(0) { $0 + $1.variance }
    guard squares > 1e-28 else {
      return Jackknife(acceleration: 0, variance: 0, degreesOfFreedom: parts.reduce(0) { $0 + $1.freedom }, inflation: 1)
    }
    return Jackknife(
      acceleration: cubes / (6 * pow(squares, 1.5)), variance: variance,
      degreesOfFreedom: variance * variance / parts.reduce(0) { $0 + $1.variance * $1.variance / $1.freedom },
      inflation: (variance / squares).squareRoot())
  }

  /// Student's t with the jackknife's standard error; `nil` where there is none or no spread.
  func studentInterval(level: Double) -> (interval: Interval, pValue: Double)? {
    guard let jackknife, jackknife.variance > 0 else { return nil }
    let student = StudentDistribution(degreesOfFreedom: jackknife.degreesOfFreedom)
    let error = jackknife.variance.squareRoot()
    let reach = student.quantile((1 + level) / 2) * error
    return (Interval(lower: value - reach, upper: value + reach, level: level), student.twoSidedTail(value / error))
  }

  /// Quantiles of the defined resamples; `nil` where there is no spread.
  func bootstrapInterval(_ method: IntervalMethod, level: Double) -> Interval? {
    let sorted = resampled.filter { !$0.isNaN }.sorted()
    guard let least = sorted.first, let most = sorted.last, most > least else { return nil }
    var tail = (1 - level) / 2
    var shares = (tail, 1 - tail)
    if method != .percentile {
      let jackknife = jackknife
      if method == .expandedBootstrap, let jackknife {
        let student = StudentDistribution(degreesOfFreedom: jackknife.degreesOfFreedom)
        tail = NormalDistribution.cumulative(-jackknife.inflation * student.quantile(1 - tail))
      }
      shares = correctedShares(sorted, acceleration: jackknife?.acceleration ?? 0, tail: tail)
    }
    return Interval(lower: quantile(sorted, shares.0), upper: quantile(sorted, shares.1), level: level)
  }

  private func correctedShares(_ sorted: [Double], acceleration: Double, tail: Double) -> (Double, Double) {
    var below = 0.0
    for resampled in sorted { below += resampled < value ? 1 : resampled == value ? 0.5 : 0 }
    // A value outside every resample would give an infinite bias; half a resample keeps it finite.
    let count = Double(sorted.count)
    let bias = NormalDistribution.quantile(min(max(below, 0.5), count - 0.5) / count)
    func share(_ probability: Double) -> Double {
      let shifted = bias + NormalDistribution.quantile(probability)
      let divisor = 1 - acceleration * shifted
      guard divisor > 0, shifted.isFinite else { return shifted > 0 ? 1 : 0 }
      return NormalDistribution.cumulative(bias + shifted / divisor)
    }
    return (share(tail), share(1 - tail))
  }
}
