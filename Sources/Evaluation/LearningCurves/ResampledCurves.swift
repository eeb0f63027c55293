/// Learning curves of several strategies with their values under every resample of test patients and training subsets.
public struct ResampledCurves: Sendable {
  public let bootstrap: CurveBootstrap
  public let strategies: [String]
  /// By strategy, ascending.
  public let sizes: [[Int]]
  public let patients: Int
  public let poolSize: Int
  public let drawsPerFold: Int
  /// By strategy, then size.
  let values: [[Double]]
  /// By strategy, then size, then resample.
  let resampled: [[[Double]]]
  /// By strategy; absent with fewer than two sizes.
  let fits: [PowerLaw?]
  /// By strategy, then resample; empty where there is no fit.
  let refits: [[PowerLaw]]

  init(measurements: CurveMeasurements, bootstrap: CurveBootstrap, value: [Double], resampled: [[Double]]) {
    self.bootstrap = bootstrap
    strategies = measurements.strategies
    sizes = measurements.sizes
    patients = measurements.patients.count
    poolSize = measurements.poolSize
    drawsPerFold = measurements.drawsPerFold
    var values: [[Double]] = []
    var cells: [[[Double]]] = []
    var fits: [PowerLaw?] = []
    var refits: [[PowerLaw]] = []
    var first = 0
    for own in measurements.sizes {
      let range = first..<(first + own.count)
      first += own.count
      let errors = Array(value[range])
      let columns = range.map { cell in resampled.map { $0[cell] } }
      values.append(errors)
      cells.append(columns)
      let fit = PowerLawFit(sizes: own.map(Double.init), weights: Self.weights(columns))
      fits.append(fit?.curve(through: errors))
      refits.append(fit.map { fit in resampled.map { fit.curve(through: Array($0[range])) } } ?? [])
    }
    (self.values, self.resampled, self.fits, self.refits) = (values, cells, fits, refits)
  }

  /// One over the variance; a size that happens not to vary counts as the least variable of the others, at most a hundred times the mean.
  static func weights(_ columns: [[Double]]) -> [Double] {
    let variances = columns.map { deviation($0) * deviation($0) }
    let mean = variances.reduce(0, +) / Double(max(variances.count, 1))
    guard mean > 0 else { return variances.map { _ in 1 } }
    return variances.map { 1 / max($0, mean / 100) }
  }

  static func deviation(_ values: [Double]) -> Double {
    let mean = values.reduce(0, +) / Double(values.count)
    return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot()
  }

  /// Quantiles of resampled values, infinities among them.
  func interval(_ values: [Double]) -> Interval {
    let sorted = values.sorted()
    let tail = (1 - bootstrap.level) / 2
    return Interval(lower: quantile(sorted, tail), upper: quantile(sorted, 1 - tail), level: bootstrap.level)
  }

  /// Of resampled errors, within what an error can be.
  private func errorInterval(_ values: [Double]) -> Interval { interval(values.map(bootstrap.possible)) }

  func index(_ strategy: String) -> Int {
    guard let index = strategies.firstIndex(of: strategy) else { preconditionFailure("no curve of '\(strategy)' was measured") }
    return index
  }

  /// In the order of the strategies.
  public var curves: [DataCurve] { strategies.map(curve) }

  public func curve(_ strategy: String) -> DataCurve {
    let own = index(strategy)
    let points = sizes[own].indices.map { size in
      DataCurve.Point(
        size: sizes[own][size], error: values[own][size], standardError: Self.deviation(resampled[own][size]),
        interval: errorInterval(resampled[own][size]))
    }
    let fit = fits[own].map { curve in
      DataCurve.Fit(
        curve: curve, floor: errorInterval(refits[own].map(\.floor)), scale: interval(refits[own].map(\.scale)),
        rate: interval(refits[own].map(\.rate)))
    }
    return DataCurve(strategy: strategy, points: points, fit: fit, patients: patients, drawsPerFold: drawsPerFold)
  }

  /// Of the fitted curve; `nil` where there is none.
  public func prediction(of strategy: String, at size: Int) -> PredictedError? {
    let own = index(strategy)
    guard let fit = fits[own], let largest = sizes[own].last else { return nil }
    return PredictedError(
      strategy: strategy, size: size, error: bootstrap.possible(fit.error(at: Double(size))),
      interval: errorInterval(refits[own].map { $0.error(at: Double(size)) }), isExtrapolated: size > largest,
      isFarBeyondData: size > 2 * largest)
  }
}
