/// A PNG as it was stored: integer samples, row by row, channels interleaved; no gamma, no scaling, no palette expansion.
///
/// What a pixel means is decided later and explicitly, by `gray(_:alpha:)` or by `Preprocessing`.
public struct DecodedImage: Hashable, Sendable {
  public enum Color: UInt8, Hashable, Sendable {
    case gray = 0
    case rgb = 2
    case palette = 3
    case grayAlpha = 4
    case rgbAlpha = 6

    /// Samples stored for one pixel; a palette image stores one index.
    public var channels: Int {
      switch self {
      case .gray, .palette: 1
      case .grayAlpha: 2
      case .rgb: 3
      case .rgbAlpha: 4
      }
    }
  }

  public struct PaletteEntry: Hashable, Sendable {
    public let red, green, blue: UInt8
    /// 255 is opaque, which is also the value of entries that tRNS doesn't name.
    public let alpha: UInt8

    package init(red: UInt8, green: UInt8, blue: UInt8, alpha: UInt8) {
      (self.red, self.green, self.blue, self.alpha) = (red, green, blue, alpha)
    }
  }

  public let width: Int
  public let height: Int
  /// Bits a sample, 1, 2, 4, 8 or 16. Samples run from 0 to 2^bitDepth − 1.
  public let bitDepth: Int
  public let color: Color
  /// `width * height * color.channels` values.
  public let samples: [UInt16]
  /// Empty unless `color` is `.palette`. Its entries have 8 bits whatever the depth of the index.
  public let palette: [PaletteEntry]
  /// The one gray or RGB value that tRNS declares transparent.
  public let transparentKey: [UInt16]?
  public let isInterlaced: Bool
  /// libpng's first warning, when there was one.
  public let warning: String?

  package init(
    width: Int, height: Int, bitDepth: Int, color: Color, samples: [UInt16], palette: [PaletteEntry] = [],
    transparentKey: [UInt16]? = nil, isInterlaced: Bool = false, warning: String? = nil
  ) {
    precondition(samples.count == width * height * color.channels, "\(samples.count) samples do not fill \(width)x\(height) \(color)")
    self.width = width
    self.height = height
    self.bitDepth = bitDepth
    self.color = color
    self.samples = samples
    self.palette = palette
    self.transparentKey = transparentKey
    self.isInterlaced = isInterlaced
    self.warning = warning
  }

  public init(_ image: GrayImage) {
    self.init(width: image.width, height: image.height, bitDepth: image.bitDepth, color: .gray, samples: image.samples)
  }
}
