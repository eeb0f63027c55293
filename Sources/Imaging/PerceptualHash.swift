/// 80 bits that are nearly the same for scans that look the same: of each spectral magnitude, whether it lies above the cohort's median.
///
/// Medians of the cohort at hand, not fixed ones: what all chest radiographs share says nothing about which one this is.
package struct PerceptualHash: Hashable, Sendable {
  package static let bits = SpectralDescriptor.count
  package let words: SIMD2<UInt64>

  package init(words: SIMD2<UInt64>) { self.words = words }

  package init(_ descriptor: some Collection<Float>, above medians: [Float]) {
    var words = SIMD2<UInt64>.zero
    for (bit, (value, median)) in zip(descriptor, medians).enumerated() where value > median { words[bit >> 6] |= 1 << UInt64(bit & 63) }
    self.words = words
  }

  package func distance(to other: PerceptualHash) -> Int {
    let difference = words ^ other.words
    return difference.x.nonzeroBitCount + difference.y.nonzeroBitCount
  }

  /// `count` bits from `start` on.
  package func band(from start: Int, count: Int) -> Int {
    let shifted =
      start >= 64
      ? words.y >> UInt64(start - 64)
      : words.x >> UInt64(start) | (start == 0 ? 0 : words.y << UInt64(64 - start))
    return Int(truncatingIfNeeded: shifted & ((1 << UInt64(count)) - 1))
  }
}
