import CKernels

/// Test values from SplitMix64.
struct TestValues {
  var state: UInt64

  init(seed: Int) { state = UInt64(truncatingIfNeeded: seed) &* 0x9E37_79B9_7F4A_7C15 }

  mutating func bits() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Uniform in [-1, 1).
  mutating func value() -> Float { Float(bits() >> 40) / Float(1 << 23) - 1 }

  mutating func values(_ count: Int) -> [Float] { (0..<count).map { _ in value() } }

  mutating func choice(_ range: ClosedRange<Int>) -> Int { range.lowerBound + Int(bits() % UInt64(range.count)) }
}

/// A 64-byte aligned block of floats for kernels under test.
final class KernelBuffer {
  let pointer: UnsafeMutablePointer<Float>
  let count: Int

  init(_ count: Int, filledWith value: Float = .nan) {
    self.count = count
    let raw = UnsafeMutableRawPointer.allocate(byteCount: max(count, 16) * 4, alignment: 64)
    pointer = raw.bindMemory(to: Float.self, capacity: max(count, 16))
    pointer.update(repeating: value, count: max(count, 16))
  }

  convenience init(_ values: [Float]) {
    self.init(values.count)
    for (index, value) in values.enumerated() { pointer[index] = value }
  }

  deinit { UnsafeMutableRawPointer(pointer).deallocate() }

  var values: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }
}

/// Maps with room beside each pixel: lanes beyond the padding hold a sentinel that no kernel may touch.
final class TestMap {
  static let sentinel: Float = 99
  let map: sa_map
  private let buffer: KernelBuffer

  init(_ images: Int, _ height: Int, _ width: Int, _ channels: Int, spare: Int = 0, filledBy value: () -> Float) {
    let padded = sa_padded(channels)
    let stride = padded + 8 * spare
    buffer = KernelBuffer(images * height * width * stride)
    for pixel in 0..<images * height * width {
      for lane in 0..<stride { buffer.pointer[pixel * stride + lane] = lane < channels ? value() : lane < padded ? 0 : Self.sentinel }
    }
    map = sa_map(data: buffer.pointer, n: images, h: height, w: width, c: channels, pixel_stride: stride)
  }

  convenience init(_ images: Int, _ height: Int, _ width: Int, _ channels: Int, spare: Int = 0, from random: inout TestValues) {
    var generator = random
    self.init(images, height, width, channels, spare: spare) { generator.value() }
    random = generator
  }

  func copy() -> TestMap {
    let twin = TestMap(map.n, map.h, map.w, map.c, spare: (map.pixel_stride - sa_padded(map.c)) / 8) { 0 }
    twin.buffer.pointer.update(from: buffer.pointer, count: buffer.count)
    return twin
  }

  /// A copy of one image.
  func image(_ index: Int) -> TestMap {
    let one = TestMap(1, map.h, map.w, map.c, spare: (map.pixel_stride - sa_padded(map.c)) / 8) { 0 }
    one.buffer.pointer.update(from: buffer.pointer + offset(index, 0, 0), count: one.buffer.count)
    return one
  }

  func offset(_ image: Int, _ row: Int, _ column: Int) -> Int { ((image * map.h + row) * map.w + column) * map.pixel_stride }

  subscript(image: Int, row: Int, column: Int, channel: Int) -> Float {
    get { buffer.pointer[offset(image, row, column) + channel] }
    set { buffer.pointer[offset(image, row, column) + channel] = newValue }
  }

  /// Values of real channels, in NHWC order.
  var values: [Float] {
    (0..<map.n * map.h * map.w).flatMap { pixel in (0..<map.c).map { buffer.pointer[pixel * map.pixel_stride + $0] } }
  }

  /// Whether padding lanes are zero and the lanes beyond untouched.
  var marginsAreIntact: Bool {
    (0..<map.n * map.h * map.w).allSatisfy { pixel in
      (map.c..<map.pixel_stride).allSatisfy { lane in
        buffer.pointer[pixel * map.pixel_stride + lane] == (lane < sa_padded(map.c) ? 0 : Self.sentinel)
      }
    }
  }
}

/// The largest |a - b| relative to the largest |b|; NaN counts as infinite.
func relativeError(_ a: [Float], _ b: [Float]) -> Double { relativeError(a.map(Double.init), b.map(Double.init)) }

func relativeError(_ a: [Double], _ b: [Double]) -> Double {
  var worst = 0.0
  var largest = Double.leastNormalMagnitude
  for (x, y) in zip(a, b) {
    let difference = abs(x - y)
    worst = difference.isNaN ? .infinity : max(worst, difference)
    largest = max(largest, abs(y))
  }
  return worst / largest
}
