/// A one-channel scan: the samples as measured and stored, 16-bit kept.
public struct GrayImage: Hashable, Sendable {
  public let width: Int
  public let height: Int
  /// Bits a sample, 1 to 16. Samples run from 0 to 2^bitDepth − 1.
  public let bitDepth: Int
  /// Row by row, `width * height` values.
  public let samples: [UInt16]

  public init(width: Int, height: Int, bitDepth: Int, samples: [UInt16]) {
    precondition(width > 0 && height > 0 && samples.count == width * height, "\(samples.count) samples do not fill \(width)x\(height)")
    precondition((1...16).contains(bitDepth), "a sample has 1 to 16 bits, not \(bitDepth)")
    self.width = width
    self.height = height
    self.bitDepth = bitDepth
    self.samples = samples
  }

  /// The largest value a sample can have.
  public var fullScale: UInt16 { UInt16((1 << bitDepth) - 1) }

  public subscript(x: Int, y: Int) -> UInt16 { samples[y * width + x] }
}
