/// Why a decoded image cannot become what was asked for. The caller knows the file and says it.
public enum PixelError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A color file where gray was asked for; `channelsDiffer` says whether the pixels themselves have color.
  case color(channelsDiffer: Bool)
  case transparency
  /// A palette index without an entry.
  case paletteIndexOutOfRange(index: Int, entries: Int)
  /// No spread to scale by: every sample of the scan has this value.
  case constantImage(value: Float, scaling: IntensityScaling)

  public var description: String {
    switch self {
    case .color(channelsDiffer: true): "the image has color; expected gray (gray=luminance converts it, channels=3 keeps it)"
    case .color(channelsDiffer: false): "the file stores color, with equal channels; expected a gray file (gray=equal accepts it)"
    case .transparency: "the image is partly transparent; expected opaque pixels (alpha=discard ignores transparency)"
    case .paletteIndexOutOfRange(let index, let entries): "a pixel has palette index \(index); the palette has \(entries) entries"
    case .constantImage(let value, let scaling): "every sample is \(value); scale=\(scaling) needs a scan with some spread"
    }
  }
}
