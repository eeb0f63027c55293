import Foundation

extension LinearGaussian {
  /// The model whose curves come closest to two measured ones, taken as squared errors: a sanity line, no evidence.
  ///
  /// With its noise, each strategy's error is `t² (n-1)/(n-q-1)`: t² = s² and q = d for the whole, t² = s² + B² and q = k for the probe. For each q
  /// the best t² is linear, q is found by a grid and golden sections. Brier's score of two classes is such a squared error; for other losses
  /// the numbers mean little.
  ///
  /// - Returns: `nil` with fewer than two sizes, or where no such model has these curves (no more features or no less noise than the probe).
  public init?(probe: DataCurve, full: DataCurve) {
    guard let ofProbe = SquaredErrorFit(probe.points), let ofFull = SquaredErrorFit(full.points) else { return nil }
    guard ofFull.features >= ofProbe.features, ofProbe.level >= ofFull.level else { return nil }
    self.init(
      probeFeatures: ofProbe.features, features: ofFull.features, omittedSignal: ofProbe.level - ofFull.level, noise: ofFull.level)
  }
}

/// `level (n-1)/(n-q-1)` by weighted least squares.
private struct SquaredErrorFit {
  var level = 0.0
  var features = 0.0
  private var residual = Double.infinity

  init?(_ points: [DataCurve.Point]) {
    guard points.count >= 2, let smallest = points.map(\.size).min(), smallest > 2 else { return nil }
    // At n = q + 1 the expectation ends.
    let most = Double(smallest) - 1.001
    let count = 400
    var best = 0
    for step in 0...count where improve(points, features: most * Double(step) / Double(count)) { best = step }
    var lower = most * Double(max(best - 1, 0)) / Double(count)
    var upper = most * Double(min(best + 1, count)) / Double(count)
    for _ in 0..<60 {
      let (left, right) = (lower + (upper - lower) / 3, upper - (upper - lower) / 3)
      if Self.residual(points, left).residual < Self.residual(points, right).residual { upper = right } else { lower = left }
    }
    _ = improve(points, features: (lower + upper) / 2)
  }

  private mutating func improve(_ points: [DataCurve.Point], features: Double) -> Bool {
    let found = Self.residual(points, features)
    guard found.residual < residual else { return false }
    (self.features, level, residual) = (features, found.level, found.residual)
    return true
  }

  private static func residual(_ points: [DataCurve.Point], _ features: Double) -> (level: Double, residual: Double) {
    // A size without spread counts as the least variable, not as certain.
    let variances = points.map { $0.standardError * $0.standardError }
    let least = variances.reduce(0, +) / Double(variances.count) / 100
    let weights = variances.map { least > 0 ? 1 / max($0, least) : 1 }
    let columns = points.map { (Double($0.size) - 1) / (Double($0.size) - features - 1) }
    var (product, squares) = (0.0, 0.0)
    for index in points.indices {
      product += weights[index] * columns[index] * points[index].error
      squares += weights[index] * columns[index] * columns[index]
    }
    let level = product / squares
    var residual = 0.0
    for index in points.indices {
      let left = points[index].error - level * columns[index]
      residual += weights[index] * left * left
    }
    return (level, residual)
  }
}
