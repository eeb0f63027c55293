import Foundation

/// Weighted least squares for a power law at given sizes, made once and used for every resample of the errors.
///
/// Separable (Golub and Pereyra 1973): for each rate the best floor and scale are a non-negative linear fit of two columns, in closed form;
/// the rate is found by a grid in log b, then golden sections around its best point, so that no starting value is needed.
struct PowerLawFit: Sendable {
  let form: PowerLaw.Form
  /// Of the geometric mean of the sizes, so that columns are near 1.
  private let logSizes: [Double]
  private let weights: [Double]
  private let centre: Double
  private let grid: [Column]

  /// `n^-b` over the sizes, and its weighted sums.
  private struct Column: Sendable {
    let logRate: Double
    let values: [Double]
    let sum: Double
    let squares: Double

    init(logRate: Double, logSizes: [Double], weights: [Double]) {
      self.logRate = logRate
      let rate = exp(logRate)
      values = logSizes.map { exp(-rate * $0) }
      var (sum, squares) = (0.0, 0.0)
      for (value, weight) in zip(values, weights) {
        sum += weight * value
        squares += weight * value * value
      }
      (self.sum, self.squares) = (sum, squares)
    }
  }

  private static let gridCount = 48

  /// `nil` with fewer than two different sizes.
  init?(sizes: [Double], weights: [Double]? = nil) {
    precondition(sizes.allSatisfy { $0 > 0 } && (weights?.count ?? sizes.count) == sizes.count, "a weight for each size above 0")
    let distinct = Set(sizes).count
    guard distinct >= 2 else { return nil }
    form = distinct >= 4 ? .withFloor : .withoutFloor
    let logs = sizes.map { log($0) }
    let centre = logs.reduce(0, +) / Double(logs.count)
    self.centre = centre
    logSizes = logs.map { $0 - centre }
    let raw = weights ?? sizes.map { _ in 1 }
    let total = raw.reduce(0, +)
    self.weights = raw.map { $0 / total }
    let (least, most) = (log(PowerLaw.rates.lowerBound), log(PowerLaw.rates.upperBound))
    let (sizes, shares) = (logSizes, self.weights)
    grid = (0...Self.gridCount).map {
      Column(logRate: least + (most - least) * Double($0) / Double(Self.gridCount), logSizes: sizes, weights: shares)
    }
  }

  private func column(logRate: Double) -> Column { Column(logRate: logRate, logSizes: logSizes, weights: weights) }

  func curve(through errors: [Double]) -> PowerLaw {
    precondition(errors.count == logSizes.count, "\(errors.count) errors for \(logSizes.count) sizes")
    var mean = 0.0
    for (error, weight) in zip(errors, weights) { mean += weight * error }
    func fit(_ column: Column) -> Linear { linear(column, errors, mean) }

    var best = 0
    var bestFit = fit(grid[0])
    for index in 1..<grid.count {
      let found = fit(grid[index])
      if found.residual < bestFit.residual { (best, bestFit) = (index, found) }
    }
    var bestRate = grid[best].logRate
    var lower = grid[max(best - 1, 0)].logRate
    var upper = grid[min(best + 1, grid.count - 1)].logRate
    let section = (5.0.squareRoot() - 1) / 2
    var (left, right) = (upper - section * (upper - lower), lower + section * (upper - lower))
    var (atLeft, atRight) = (fit(column(logRate: left)), fit(column(logRate: right)))
    while upper - lower > 1e-7 {
      if atLeft.residual < atRight.residual {
        if atLeft.residual < bestFit.residual { (bestRate, bestFit) = (left, atLeft) }
        (upper, right, atRight) = (right, left, atLeft)
        left = upper - section * (upper - lower)
        atLeft = fit(column(logRate: left))
      } else {
        if atRight.residual < bestFit.residual { (bestRate, bestFit) = (right, atRight) }
        (lower, left, atLeft) = (left, right, atRight)
        right = lower + section * (upper - lower)
        atRight = fit(column(logRate: right))
      }
    }
    let rate = exp(bestRate)
    return PowerLaw(floor: bestFit.floor, scale: bestFit.scale * exp(rate * centre), rate: rate, form: form)
  }

  private struct Linear {
    var floor = 0.0
    var scale = 0.0
    var residual = 0.0
  }

  /// The non-negative weighted fit of `floor + scale * column`: the free one where both are positive, else the better edge.
  private func linear(_ column: Column, _ errors: [Double], _ mean: Double) -> Linear {
    var product = 0.0
    for index in errors.indices { product += weights[index] * column.values[index] * errors[index] }
    var found = Linear()
    if form == .withFloor {
      let spread = column.squares - column.sum * column.sum
      found.scale = spread > 0 ? max((product - column.sum * mean) / spread, 0) : 0
      found.floor = mean - found.scale * column.sum
    }
    if form == .withoutFloor || found.floor < 0 {
      found.floor = 0
      found.scale = max(product / column.squares, 0)
    }
    for index in errors.indices {
      let left = errors[index] - found.floor - found.scale * column.values[index]
      found.residual += weights[index] * left * left
    }
    return found
  }
}
