/// The extents of one image's feature maps at a node, without the batch axis: channels × height × width.
///
/// A feature vector (after pooling, flattening or a linear layer) is `channels × 1 × 1`.
public struct FeatureShape: Hashable, Sendable, Codable, CustomStringConvertible {
  public let channels: Int
  public let height: Int
  public let width: Int

  public init(channels: Int, height: Int, width: Int) {
    self.channels = channels
    self.height = height
    self.width = width
  }

  public static func vector(_ count: Int) -> FeatureShape { FeatureShape(channels: count, height: 1, width: 1) }

  /// No network has more: 2²⁶ channels, 2¹⁷ pixels a side. It keeps every product of extents within 64 bits.
  var isWithinLimits: Bool { channels <= 1 << 26 && height <= 1 << 17 && width <= 1 << 17 }

  public var pixels: Int { height * width }
  public var count: Int { channels * pixels }
  public var description: String { "\(channels)×\(height)×\(width)" }
}
