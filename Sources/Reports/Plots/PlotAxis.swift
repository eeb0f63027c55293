import Foundation

/// A linear axis with round ticks.
struct PlotAxis {
  let lower: Double
  let upper: Double
  let ticks: [Double]
  private let start: Double
  private let end: Double
  private let decimals: Int

  /// - Parameters:
  ///   - values: what must fit; at least one.
  ///   - start, end: the coordinates of the axis' ends.
  ///   - limits: what the values can't leave, such as 0...1.
  init(covering values: [Double], from start: Double, to end: Double, within limits: ClosedRange<Double>? = nil, ticks count: Int = 6) {
    var lower = values.min() ?? 0
    var upper = values.max() ?? 1
    if upper - lower < 1e-9 {
      let reach = max(abs(upper) * 0.1, 0.05)
      lower -= reach
      upper += reach
    }
    let rough = (upper - lower) / Double(count)
    let power = pow(10, log10(rough).rounded(.down))
    let step = ([1, 2, 5, 10].first { $0 * power >= rough } ?? 10) * power
    lower = (lower / step).rounded(.down) * step
    upper = (upper / step).rounded(.up) * step
    if let limits {
      lower = max(lower, limits.lowerBound)
      upper = min(upper, limits.upperBound)
    }
    self.lower = lower
    self.upper = upper
    self.start = start
    self.end = end
    decimals = max(0, Int((-log10(step)).rounded(.up)))
    var ticks: [Double] = []
    var index = (lower / step).rounded(.up)
    while index * step <= upper + step * 1e-6 {
      ticks.append(index * step)
      index += 1
    }
    self.ticks = ticks
  }

  func position(_ value: Double) -> Double { start + (min(max(value, lower), upper) - lower) / (upper - lower) * (end - start) }

  func label(_ tick: Double) -> String {
    let text = String(format: "%.\(decimals)f", tick)
    return Double(text) == 0 ? "0" : text
  }
}
