import Foundation

/// The standard normal distribution.
public enum NormalDistribution {
  public static func cumulative(_ x: Double) -> Double { erfc(-x / 2.0.squareRoot()) / 2 }

  /// The inverse of `cumulative`: Acklam's rational approximation, then two Halley steps to full precision.
  /// 0 and 1 give the infinities.
  public static func quantile(_ probability: Double) -> Double {
    precondition(probability >= 0 && probability <= 1, "a probability of \(probability)")
    if probability == 0 { return -.infinity }
    if probability == 1 { return .infinity }
    if probability > 0.5 { return -quantile(1 - probability) }
    var x = initialQuantile(probability)
    for _ in 0..<2 {
      let error = cumulative(x) - probability
      let step = error * (2 * Double.pi).squareRoot() * exp(x * x / 2)
      x -= step / (1 + x * step / 2)
    }
    return x
  }

  private static func initialQuantile(_ p: Double) -> Double {
    let a = [-39.69683028665376, 220.9460984245205, -275.9285104469687, 138.3577518672690, -30.66479806614716, 2.506628277459239]
    let b = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1]
    let c = [-0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783]
    let d = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1]
    func horner(_ coefficients: [Double], _ x: Double) -> Double { coefficients.reduce(0) { $0 * x + $1 } }
    if p < 0.02425 {
      let q = (-2 * log(p)).squareRoot()
      return horner(c, q) / horner(d, q)
    }
    let q = p - 0.5
    return q * horner(a, q * q) / horner(b, q * q)
  }
}
