/// `y = fixed + perUnit * x`, fitted so that relative deviations are least: what a cost that scales should look like.
struct AffineFit: Encodable {
  let fixed: Double
  let perUnit: Double
  /// Of |measured / fitted - 1|.
  let largestDeviation: Double

  /// Least squares weighted by 1 / y².
  init(_ points: [(x: Double, y: Double)]) {
    precondition(points.count >= 3, "a fit of \(points.count) points says nothing")
    var (w, wx, wy, wxx, wxy) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for (x, y) in points {
      let weight = 1 / (y * y)
      w += weight
      wx += weight * x
      wy += weight * y
      wxx += weight * x * x
      wxy += weight * x * y
    }
    let slope = (w * wxy - wx * wy) / (w * wxx - wx * wx)
    let start = (wy - slope * wx) / w
    perUnit = slope
    fixed = start
    largestDeviation = points.map { abs($0.y / (start + slope * $0.x) - 1) }.max()!
  }
}
