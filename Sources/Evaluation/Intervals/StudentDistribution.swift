import Foundation

/// Student's t distribution with a positive number of degrees of freedom.
public struct StudentDistribution: Sendable {
  public let degreesOfFreedom: Double

  public init(degreesOfFreedom: Double) {
    precondition(degreesOfFreedom > 0, "\(degreesOfFreedom) degrees of freedom")
    self.degreesOfFreedom = degreesOfFreedom
  }

  public func cumulative(_ t: Double) -> Double {
    let tail = regularizedBeta(degreesOfFreedom / (degreesOfFreedom + t * t), degreesOfFreedom / 2, 0.5) / 2
    return t > 0 ? 1 - tail : tail
  }

  /// Probability of a value at least as far from zero.
  public func twoSidedTail(_ t: Double) -> Double {
    regularizedBeta(degreesOfFreedom / (degreesOfFreedom + t * t), degreesOfFreedom / 2, 0.5)
  }

  /// The inverse of `cumulative`, by bisection: it is asked for a few times a report.
  public func quantile(_ probability: Double) -> Double {
    precondition(probability > 0 && probability < 1, "a probability of \(probability)")
    if probability < 0.5 { return -quantile(1 - probability) }
    var lower = 0.0
    var upper = 1.0
    while cumulative(upper) < probability { upper *= 2 }
    while true {
      let middle = lower + (upper - lower) / 2
      if middle == lower || middle == upper { return middle }
      if cumulative(middle) < probability { lower = middle } else { upper = middle }
    }
  }
}

/// The regularized incomplete beta function I_x(a, b) by Lentz's continued fraction.
/// Press et al., "Numerical Recipes", section 6.4.
func regularizedBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
  if x <= 0 { return 0 }
  if x >= 1 { return 1 }
  if x > (a + 1) / (a + b + 2) { return 1 - regularizedBeta(1 - x, b, a) }
  let logBeta: Double = lgamma(a) + lgamma(b) - lgamma(a + b)
  let front: Double = exp(a * log(x) + b * log(1 - x) - logBeta) / a
  let tiny = 1e-300
  var c = 1.0
  var d = 1 - (a + b) * x / (a + 1)
  d = 1 / (abs(d) < tiny ? tiny : d)
  var fraction = d
  func multiply(by numerator: Double) -> Double {
    d = 1 + numerator * d
    d = 1 / (abs(d) < tiny ? tiny : d)
    c = 1 + numerator / c
    if abs(c) < tiny { c = tiny }
    fraction *= d * c
    return abs(d * c - 1)
  }
  for step in 1...500 {
    let m = Double(step)
    let even: Double = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
    let odd: Double = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
    _ = multiply(by: even)
    if multiply(by: odd) < 1e-16 { break }
  }
  return front * fraction
}
