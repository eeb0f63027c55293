import Imaging

/// Finds all pairs of hashes within a distance without comparing all: multi-index hashing.
///
/// The 80 bits are five bands of 16. Two hashes at most 19 bits apart agree in some band but for 3 bits, so looking up the 697 values within
/// 3 bits of each band finds them all. Norouzi, Punjani, Fleet: "Fast exact search in Hamming space with multi-index hashing", PAMI 2014.
package struct HashIndex {
  package static let reach = 19
  private static let bands = 5
  private static let bandBits = 16
  private static let bandReach = 3

  private let hashes: [PerceptualHash]
  /// For each band: where each value's positions begin, and the positions, ascending within a value.
  private var starts: [[Int32]] = []
  private var positions: [[Int32]] = []

  package init(_ hashes: [PerceptualHash]) {
    precondition(Self.bands * Self.bandBits == PerceptualHash.bits && Self.reach < Self.bands * (Self.bandReach + 1))
    self.hashes = hashes
    for band in 0..<Self.bands {
      var starts = [Int32](repeating: 0, count: (1 << Self.bandBits) + 1)
      for hash in hashes { starts[hash.band(from: band * Self.bandBits, count: Self.bandBits) + 1] += 1 }
      for value in 1..<starts.count { starts[value] += starts[value - 1] }
      var next = starts
      var positions = [Int32](repeating: 0, count: hashes.count)
      for (position, hash) in hashes.enumerated() {
        let value = hash.band(from: band * Self.bandBits, count: Self.bandBits)
        positions[Int(next[value])] = Int32(position)
        next[value] += 1
      }
      self.starts.append(starts)
      self.positions.append(positions)
    }
  }

  /// Calls `body` once for each earlier hash within reach of the one at `position`, in no stated order.
  /// - Parameter seen: as many numbers as there are hashes, −1 at first; kept between calls of one thread.
  package func forEachNeighbour(before position: Int, seen: inout [Int32], _ body: (Int) -> Void) {
    let hash = hashes[position]
    let mark = Int32(position)
    hashes.withUnsafeBufferPointer { hashes in
      seen.withUnsafeMutableBufferPointer { seen in
        for band in 0..<Self.bands {
          let value = hash.band(from: band * Self.bandBits, count: Self.bandBits)
          starts[band].withUnsafeBufferPointer { starts in
            positions[band].withUnsafeBufferPointer { positions in
              for mask in Self.masks {
                let bucket = value ^ mask
                for index in Int(starts[bucket])..<Int(starts[bucket + 1]) {
                  let other = positions[index]
                  if other >= mark { break }
                  if seen[Int(other)] == mark { continue }
                  seen[Int(other)] = mark
                  if hash.distance(to: hashes[Int(other)]) <= Self.reach { body(Int(other)) }
                }
              }
            }
          }
        }
      }
    }
  }

  /// All 16-bit values with at most 3 bits set.
  private static let masks: [Int] = (0..<(1 << bandBits)).filter { $0.nonzeroBitCount <= bandReach }
}
