import Dispatch
import Files
import Imaging
import Synchronization

/// Scans of different patients that show the same picture: re-encoded, resized, shifted by a few percent, flipped, inverted, or with another
/// window, brightness or gamma.
///
/// Hashes propose, spectra and 32-pixel thumbnails sift, and 64-pixel thumbnails read again from the files decide. The thresholds stand
/// between what true copies and different patients measured; see NearDuplicates.md.
package struct NearDuplicateSearch {
  package struct Pair: Hashable, Sendable {
    /// Numbers of scans, the smaller first.
    package let first: Int
    package let second: Int
    package let match: BandMatch
  }

  /// Of the centred spectra of two scans in a cohort with enough scans to know its average.
  static let leastSpectralCorrelation: Float = 0.65
  static let scansForSpectra = 64
  static let leastCoarseCorrelation: Float = 0.75
  /// From here on two scans are a duplicate…
  static let duplicate: Float = 0.85
  /// …and from here on worth a look.
  static let lookalike: Float = 0.80
  /// Pairs that are looked at for one scan, those with the most similar spectra first.
  static let pairsPerScan = 32

  let store: SignatureStore
  /// Of each scan, by number: a number for its patient, and what tells equal pixels.
  let patients: [Int]
  let threads: Int

  package init(store: SignatureStore, patients: [Int], threads: Int) {
    self.store = store
    self.patients = patients
    self.threads = threads
  }

  /// Pairs that thumbnails in memory can't tell apart, by scan numbers; needs no file.
  package func candidates() -> [Pair] {
    let proposed = store.count < Self.scansForSpectra ? allPairs() : pairsBySpectrum()
    return inChunks(proposed.count) { range in
      proposed[range].compactMap { first, second -> Pair? in
        let match = BandMatch.best(store.band(first), store.band(second), side: ScanSignature.side, reach: 2)
        guard match.correlation >= Self.leastCoarseCorrelation else { return nil }
        return Pair(first: store.scans[first], second: store.scans[second], match: match)
      }
    }
  }

  /// The pairs that are alike at 64 pixels too.
  /// - Parameter image: decodes a scan by number; nil where it can't be read any more.
  package static func verified(_ candidates: [Pair], threads: Int, image: @escaping @Sendable (Int) -> GrayImage?) -> [Pair] {
    let side = 2 * ScanSignature.side
    let checked = Prefetching(candidates, workers: threads, ahead: 64) { pair -> Pair? in
      guard let one = image(pair.first), let two = image(pair.second) else { return nil }
      let bands = [one, two].map { RankThumbnail($0, side: side).bandPassed(fine: 1, coarse: 4) }
      let match = BandMatch.best(bands[0], bands[1], side: side, reach: 2, around: pair.match, center: 2 &* pair.match.shift)
      return match.correlation >= lookalike ? Pair(first: pair.first, second: pair.second, match: match) : nil
    }
    return checked.compactMap { $0 }
  }

  private func areDifferentPatients(_ first: Int, _ second: Int) -> Bool { patients[store.scans[first]] != patients[store.scans[second]] }

  private func allPairs() -> [(Int, Int)] {
    (0..<store.count).flatMap { second in (0..<second).filter { areDifferentPatients($0, second) }.map { ($0, second) } }
  }

  package func pairsBySpectrum() -> [(Int, Int)] {
    let centred = CentredSpectra(store)
    let index = HashIndex(centred.hashes)
    return inChunks(store.count) { range in
      var seen = [Int32](repeating: -1, count: store.count)
      var found: [(Int, Int)] = []
      for position in range {
        var near: [(correlation: Float, other: Int)] = []
        index.forEachNeighbour(before: position, seen: &seen) { other in
          guard areDifferentPatients(other, position) else { return }
          let correlation = centred.correlation(other, position)
          if correlation >= Self.leastSpectralCorrelation { near.append((correlation, other)) }
        }
        near.sort { ($0.correlation, $1.other) > ($1.correlation, $0.other) }
        found += near.prefix(Self.pairsPerScan).map { ($0.other, position) }
      }
      return found
    }
  }

  /// The results of pieces, in their order; the pieces don't depend on the number of threads.
  private func inChunks<Element: Sendable>(_ count: Int, _ work: @Sendable (Range<Int>) -> [Element]) -> [Element] {
    let size = 512
    let chunks = (count + size - 1) / size
    let results = Mutex([[Element]?](repeating: nil, count: chunks))
    let queue = Mutex(0)
    DispatchQueue.concurrentPerform(iterations: min(threads, max(chunks, 1))) { _ in
      while case let chunk = queue.withLock({ next in
        defer { next += 1 }
        return next
      }), chunk < chunks {
        let part = work((chunk * size)..<min(count, (chunk + 1) * size))
        results.withLock { $0[chunk] = part }
      }
    }
    return results.withLock { $0.flatMap { $0 ?? [] } }
  }
}

/// Descriptors less the cohort's medians, in units of its spread, each with length 1.
struct CentredSpectra: Sendable {
  let hashes: [PerceptualHash]
  private let values: [Float]

  init(_ store: SignatureStore) {
    let (count, width) = (store.count, SpectralDescriptor.count)
    // Ten thousand scans, evenly taken, know the medians as well as all do.
    let sample = stride(from: 0, to: count, by: max(1, count / 10_000)).map { $0 }
    var medians = [Float](repeating: 0, count: width)
    var scales = medians
    for bit in 0..<width {
      let column = sample.map { store.descriptors[$0 * width + bit] }.sorted()
      medians[bit] = column[column.count / 2]
      let spread = column.reduce(0) { $0 + ($1 - medians[bit]) * ($1 - medians[bit]) } / Float(column.count)
      scales[bit] = spread > 0 ? 1 / spread.squareRoot() : 0
    }
    hashes = (0..<count).map { PerceptualHash(store.descriptor($0), above: medians) }
    var values = store.descriptors
    for position in 0..<count {
      var length: Float = 0
      for bit in 0..<width {
        let value = (values[position * width + bit] - medians[bit]) * scales[bit]
        values[position * width + bit] = value
        length += value * value
      }
      if length > 0 { for bit in 0..<width { values[position * width + bit] /= length.squareRoot() } }
    }
    self.values = values
  }

  func correlation(_ first: Int, _ second: Int) -> Float {
    let width = SpectralDescriptor.count
    return values.withUnsafeBufferPointer { values in
      var sums = SIMD8<Float>.zero
      for start in stride(from: 0, to: width, by: 8) {
        let one = UnsafeRawPointer(values.baseAddress! + first * width + start).loadUnaligned(as: SIMD8<Float>.self)
        let two = UnsafeRawPointer(values.baseAddress! + second * width + start).loadUnaligned(as: SIMD8<Float>.self)
        sums += one * two
      }
      return sums.sum()
    }
  }
}
