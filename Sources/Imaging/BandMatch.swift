/// How alike two band-passed square thumbnails are at the best of four flips, small shifts, and either polarity.
package struct BandMatch: Hashable, Sendable {
  /// The absolute correlation coefficient over the overlap.
  package let correlation: Float
  package let flipsAcross: Bool
  package let flipsDown: Bool
  /// How far the flipped first lies right of and below the second, in thumbnail pixels.
  package let shift: SIMD2<Int>
  package let isInverted: Bool

  /// - Parameters:
  ///   - reach: the largest shift either way.
  ///   - around: what is already known of how they lie (from smaller thumbnails): only its flip, and shifts near `center`.
  package static func best(
    _ first: [Float], _ second: [Float], side: Int, reach: Int, around known: BandMatch? = nil, center: SIMD2<Int> = .zero
  ) -> BandMatch {
    precondition(first.count == side * side && second.count == side * side, "thumbnails of \(first.count) and \(second.count) values")
    var best: BandMatch?
    for (across, down) in known.map({ [($0.flipsAcross, $0.flipsDown)] }) ?? [(false, false), (true, false), (false, true), (true, true)] {
      let turned = flipped(first, side, across, down)
      for dy in (center.y - reach)...(center.y + reach) {
        for dx in (center.x - reach)...(center.x + reach) {
          let value = correlation(turned, second, side, dx, dy)
          if abs(value) > best?.correlation ?? -1 {
            best = BandMatch(
              correlation: abs(value), flipsAcross: across, flipsDown: down, shift: SIMD2(dx, dy), isInverted: value < 0)
          }
        }
      }
    }
    return best!
  }

  private static func flipped(_ values: [Float], _ side: Int, _ across: Bool, _ down: Bool) -> [Float] {
    guard across || down else { return values }
    return (0..<(side * side)).map { index in
      let (y, x) = (index / side, index % side)
      return values[(down ? side - 1 - y : y) * side + (across ? side - 1 - x : x)]
    }
  }

  /// Of first[y + dy, x + dx] with second[y, x] where both are; 0 where one of them is flat.
  private static func correlation(_ first: [Float], _ second: [Float], _ side: Int, _ dx: Int, _ dy: Int) -> Float {
    let rows = max(0, -dy)..<min(side, side - dy)
    let columns = max(0, -dx)..<min(side, side - dx)
    let count = Float(rows.count * columns.count)
    return first.withUnsafeBufferPointer { first in
      second.withUnsafeBufferPointer { second in
        var sums = SIMD8<Float>.zero
        var (products, firstSquares, secondSquares, otherSums) = (sums, sums, sums, sums)
        var tail = SIMD8<Float>.zero
        for y in rows {
          let one = UnsafeRawPointer(first.baseAddress! + (y + dy) * side + columns.lowerBound + dx)
          let two = UnsafeRawPointer(second.baseAddress! + y * side + columns.lowerBound)
          var x = 0
          while x + 8 <= columns.count {
            let a = one.loadUnaligned(fromByteOffset: 4 * x, as: SIMD8<Float>.self)
            let b = two.loadUnaligned(fromByteOffset: 4 * x, as: SIMD8<Float>.self)
            sums += a
            otherSums += b
            products += a * b
            firstSquares += a * a
            secondSquares += b * b
            x += 8
          }
          while x < columns.count {
            let a = one.load(fromByteOffset: 4 * x, as: Float.self)
            let b = two.load(fromByteOffset: 4 * x, as: Float.self)
            tail += SIMD8(a, b, a * b, a * a, b * b, 0, 0, 0)
            x += 1
          }
        }
        let (sumA, sumB) = (sums.sum() + tail[0], otherSums.sum() + tail[1])
        let covariance = products.sum() + tail[2] - sumA * sumB / count
        let varianceA = firstSquares.sum() + tail[3] - sumA * sumA / count
        let varianceB = secondSquares.sum() + tail[4] - sumB * sumB / count
        guard varianceA > 1e-9, varianceB > 1e-9 else { return 0 }
        return covariance / (varianceA * varianceB).squareRoot()
      }
    }
  }
}
