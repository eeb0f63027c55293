/// A stream of random numbers that is a pure function of what it is for: (seed, purpose, epoch, content, draw).
///
/// Nothing has to be saved for a run to resume: the stream for an image's augmentation in epoch 7 is the same whoever asks
/// for it, in whatever order, on however many threads.
public struct RandomStream: RandomNumberGenerator, Sendable {
  private let generator: Philox4x32
  private let stream: UInt64
  private var draw: UInt64 = 0

  /// - Parameters:
  ///   - seed: the run's seed.
  ///   - purpose: what the numbers decide, for example `"augmentation"`; two purposes never share numbers.
  ///   - epoch: the pass over the data, 0 where there is none.
  ///   - content: what the numbers are for, such as a scan's content hash; empty where there is only one.
  public init(seed: UInt64, purpose: String, epoch: Int = 0, content: some Sequence<UInt8> = EmptyCollection<UInt8>()) {
    var digest = StreamDigest(seed: seed)
    digest.absorb(purpose.utf8)
    digest.absorb(epoch)
    digest.absorb(content)
    let (first, second) = digest.finish()
    generator = Philox4x32(key: SIMD2(UInt32(truncatingIfNeeded: first), UInt32(truncatingIfNeeded: first >> 32)))
    stream = second
  }

  public init(seed: UInt64, purpose: String, epoch: Int = 0, content: String) {
    self.init(seed: seed, purpose: purpose, epoch: epoch, content: Array(content.utf8))
  }

  public mutating func next() -> UInt64 {
    let counter = SIMD4(
      UInt32(truncatingIfNeeded: draw), UInt32(truncatingIfNeeded: draw >> 32),
      UInt32(truncatingIfNeeded: stream), UInt32(truncatingIfNeeded: stream >> 32))
    draw += 1
    let block = generator.block(at: counter)
    return UInt64(block[0]) | UInt64(block[1]) << 32
  }
}

/// Two 64-bit words that depend on every byte absorbed, each field closed by its length so that ("ab", "c") isn't ("a", "bc").
/// Not cryptographic: it separates streams, it guards nothing.
private struct StreamDigest {
  private var low: UInt64
  private var high: UInt64

  init(seed: UInt64) {
    low = seed ^ 0x9E37_79B9_7F4A_7C15
    high = seed ^ 0xC2B2_AE3D_27D4_EB4F
    stir()
  }

  mutating func absorb(_ bytes: some Sequence<UInt8>) {
    var length = 0
    for byte in bytes {
      absorbWord(UInt64(byte))
      length += 1
    }
    absorb(length)
  }

  mutating func absorb(_ value: Int) { absorbWord(UInt64(bitPattern: Int64(value)) ^ 0xA5A5_0000_0000_0000) }

  private mutating func absorbWord(_ word: UInt64) {
    low ^= word
    high ^= word.byteSwapped
    stir()
  }

  /// The SplitMix64 finalizer on each word, then a cross-over.
  private mutating func stir() {
    let a = Self.mixed(low &+ 0x9E37_79B9_7F4A_7C15)
    let b = Self.mixed(high &+ 0xD1B5_4A32_D192_ED03)
    low = a ^ (b &<< 1)
    high = b &+ a
  }

  private static func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  func finish() -> (UInt64, UInt64) { (low, high) }
}
