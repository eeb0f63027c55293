/// A metric over several seeds, or repetitions of a cross-validation, on the same patients: how much comes from the seed, how much from
/// who the patients are.
///
/// Patients' variance is that of the mean over seeds, by leaving out patients; seeds' is the variance of the values over seeds on these
/// patients. An interval from patients alone says nothing of another run; one from seeds alone nothing of other patients.
/// Bouthillier et al., "Accounting for variance in machine learning benchmarks", MLSys 2021.
public struct SeedVariance: Hashable, Codable, Sendable {
  public let metric: Metric
  /// By seed.
  public let values: [Double]
  public let mean: Double
  /// Standard deviation over seeds of one seed's value.
  public let seedDeviation: Double
  /// Standard error from patients, of the mean over seeds.
  public let patientDeviation: Double
  /// Of the mean, for other seeds and other patients: Student's t with Satterthwaite's degrees of freedom.
  public let interval: Interval

  /// - Parameter seeds: each seed's scores, from the same bootstrap.
  /// - Returns: `nil` with fewer than two seeds, or where the metric or its jackknife is undefined for one.
  public init?(_ metric: Metric, seeds: [ResampledScores]) {
    self.init(metric, seeds.map { $0.statistic(metric) }, level: seeds.first?.bootstrap.level ?? 0.95)
  }

  private init?(_ metric: Metric, _ statistics: [ResampledStatistic?], level: Double) {
    let seeds = statistics.compactMap { $0 }
    guard seeds.count > 1, seeds.count == statistics.count, let jackknife = ResampledStatistic.mean(of: seeds).jackknife else { return nil }
    let count = Double(seeds.count)
    let values = seeds.map(\.value)
    let mean = values.reduce(0, +) / count
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
    self.metric = metric
    self.values = values
    self.mean = mean
    seedDeviation = variance.squareRoot()
    patientDeviation = jackknife.variance.squareRoot()
    let ofSeeds = variance / count
    let total = jackknife.variance + ofSeeds
    let spread = jackknife.variance * jackknife.variance / jackknife.degreesOfFreedom + ofSeeds * ofSeeds / (count - 1)
    let freedom = spread > 0 ? total * total / spread : count - 1
    let reach = StudentDistribution(degreesOfFreedom: freedom).quantile((1 + level) / 2) * total.squareRoot()
    interval = Interval(lower: mean - reach, upper: mean + reach, level: level)
  }
}

extension ResampledStatistic {
  /// Number by number.
  static func mean(of statistics: [ResampledStatistic]) -> ResampledStatistic {
    let count = Double(statistics.count)
    func mean(_ lists: [[Double]]) -> [Double] {
      lists[0].indices.map { index in lists.reduce(0) { $0 + $1[index] } / count }
    }
    return ResampledStatistic(
      value: statistics.reduce(0) { $0 + $1.value } / count, resampled: mean(statistics.map(\.resampled)),
      leftOut: statistics[0].leftOut.indices.map { stratum in mean(statistics.map { $0.leftOut[stratum] }) })
  }
}
