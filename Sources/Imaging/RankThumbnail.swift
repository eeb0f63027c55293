import Foundation

/// A square thumbnail of ranks: what stays of a scan when depth, window, brightness and gamma are taken away.
///
/// The scan is averaged (area) to `side`×`side` in the units of its stored samples, so 16 bits enter whole; then each value becomes its
/// rank among all (ties share theirs), centred, with length 1. Any increasing map of the samples leaves it nearly as it is, and an
/// inverted scan has the negative of it.
package struct RankThumbnail: Sendable {
  package let side: Int
  package let values: [Float]

  package init(_ image: GrayImage, side: Int) {
    let small = Plane(width: image.width, height: image.height, samples: image.samples)
      .resized(toWidth: side, height: side, filter: .area)
    self.init(ranking: small.values, side: side)
  }

  init(ranking small: [Float], side: Int) {
    self.side = side
    let order = small.indices.sorted { small[$0] < small[$1] }
    var ranks = [Float](repeating: 0, count: small.count)
    var start = 0
    while start < order.count {
      var end = start + 1
      while end < order.count, small[order[end]] == small[order[start]] { end += 1 }
      for position in start..<end { ranks[order[position]] = Float(start + end - 1) / 2 }
      start = end
    }
    let middle = Float(small.count - 1) / 2
    for index in ranks.indices { ranks[index] -= middle }
    let length = ranks.reduce(0) { $0 + $1 * $1 }.squareRoot()
    values = length > 0 ? ranks.map { $0 / length } : ranks
  }

  /// Averages of `factor`×`factor` blocks, with length 1 again.
  package func reduced(by factor: Int) -> [Float] {
    let small = side / factor
    var out = [Float](repeating: 0, count: small * small)
    for y in 0..<(small * factor) { for x in 0..<(small * factor) { out[y / factor * small + x / factor] += values[y * side + x] } }
    let length = out.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return length > 0 ? out.map { $0 / length } : out
  }

  /// The thumbnail less its coarse and its finest structure: a difference of Gaussians, in thumbnail pixels, edges repeated.
  package func bandPassed(fine: Double, coarse: Double) -> [Float] {
    zip(smoothed(by: fine), smoothed(by: coarse)).map { $0 - $1 }
  }

  private func smoothed(by deviation: Double) -> [Float] {
    let reach = Int((3 * deviation).rounded(.up))
    let raw = (-reach...reach).map { exp(-Double($0 * $0) / (2 * deviation * deviation)) }
    let kernel = raw.map { Float($0 / raw.reduce(0, +)) }
    var rows = [Float](repeating: 0, count: side * side)
    var out = rows
    for y in 0..<side {
      for x in 0..<side {
        var sum: Float = 0
        for tap in -reach...reach { sum += kernel[tap + reach] * values[y * side + min(max(x + tap, 0), side - 1)] }
        rows[y * side + x] = sum
      }
    }
    for y in 0..<side {
      for tap in -reach...reach {
        let (weight, from) = (kernel[tap + reach], min(max(y + tap, 0), side - 1) * side)
        for x in 0..<side { out[y * side + x] += weight * rows[from + x] }
      }
    }
    return out
  }
}
