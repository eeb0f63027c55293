import Foundation

/// Where a noisy difference over sizes, taken to rise, passes zero.
struct CrossingPlace: Sendable {
  private let logSizes: [Double]
  private let weights: [Double]

  init(sizes: [Int], weights: [Double]) {
    logSizes = sizes.map { log(Double($0)) }
    self.weights = weights
  }

  /// 0 where it is above zero from the smallest size on, infinity where it isn't at the largest.
  func crossing(of differences: [Double]) -> Double {
    let rising = Self.isotonic(differences, weights: weights)
    guard let first = rising.first, let last = rising.last, last > 0 else { return .infinity }
    if first > 0 { return 0 }
    let above = rising.firstIndex { $0 > 0 }!
    let (before, after) = (rising[above - 1], rising[above])
    return exp(logSizes[above - 1] - before / (after - before) * (logSizes[above] - logSizes[above - 1]))
  }

  /// The closest values that never fall, by pooling neighbours that do (Ayer et al. 1955).
  static func isotonic(_ values: [Double], weights: [Double]) -> [Double] {
    var blocks: [(mean: Double, weight: Double, count: Int)] = []
    for (value, weight) in zip(values, weights) {
      blocks.append((value, weight, 1))
      while blocks.count > 1, blocks[blocks.count - 2].mean >= blocks[blocks.count - 1].mean {
        let last = blocks.removeLast()
        let before = blocks.removeLast()
        let sum = before.weight + last.weight
        blocks.append(((before.mean * before.weight + last.mean * last.weight) / sum, sum, before.count + last.count))
      }
    }
    return blocks.flatMap { [Double](repeating: $0.mean, count: $0.count) }
  }
}
