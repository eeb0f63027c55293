import Foundation

/// A logarithmic axis with ticks where something was measured.
struct LogAxis {
  private let lower: Double
  private let upper: Double
  private let start: Double
  private let end: Double

  /// - Parameters:
  ///   - values: above 0; what must fit.
  ///   - start, end: the coordinates of the axis' ends.
  init(covering values: [Double], from start: Double, to end: Double) {
    let least = values.min() ?? 1
    let most = values.max() ?? 10
    // A single size stands in the middle.
    (lower, upper) = most / least < 1.01 ? (log(least / 2), log(most * 2)) : (log(least), log(most))
    (self.start, self.end) = (start, end)
  }

  func position(_ value: Double) -> Double { start + (min(max(log(value), lower), upper) - lower) / (upper - lower) * (end - start) }

  /// Equal steps of the logarithm, ends included.
  func steps(_ count: Int) -> [Double] { (0...count).map { exp(lower + (upper - lower) * Double($0) / Double(count)) } }
}
