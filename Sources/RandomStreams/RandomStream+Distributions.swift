import Foundation

extension RandomNumberGenerator {
  /// Uniform in [0, 1), from the upper 53 bits of one draw.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Uniform in [lower, upper).
  public mutating func uniform(_ lower: Double, _ upper: Double) -> Double { lower + (upper - lower) * uniform() }

  /// Standard normal by the Box–Muller transform; two draws a value, so that streams stay aligned.
  public mutating func normal() -> Double {
    let radius = (-2 * log(1 - uniform())).squareRoot()
    return radius * cos(2 * .pi * uniform())
  }
}
