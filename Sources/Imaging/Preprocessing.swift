import Tensors

/// Everything between a decoded image and a network's input, as one value that a model card keeps and a table's header prints.
///
/// The order is fixed: color and alpha rules, resize (on float samples, no rounding in between), centre crop, intensity
/// scaling, channels, then (x − mean) / standard deviation per channel.
public struct Preprocessing: Codable, Hashable, Sendable {
  public enum Resize: Codable, Hashable, Sendable {
    case none
    /// The shorter side gets this length, the other follows with torchvision's rounding (downwards).
    case shortestSide(Int)
    case exact(width: Int, height: Int)
  }

  public struct Crop: Codable, Hashable, Sendable {
    public let width: Int
    public let height: Int

    public init(width: Int, height: Int) {
      self.width = width
      self.height = height
    }
  }

  public var grayConversion: GrayConversion
  public var alphaRule: AlphaRule
  public var resize: Resize
  public var filter: ResamplingFilter
  /// Smaller images are padded with stored value 0, as torchvision's `CenterCrop` pads.
  public var centerCrop: Crop?
  public var scaling: IntensityScaling
  /// 1 or 3. Gray scans are repeated to 3.
  public var channels: Int
  /// One value per channel.
  public var mean: [Float]
  public var standardDeviation: [Float]

  public init(
    grayConversion: GrayConversion = .equalChannelsOnly, alphaRule: AlphaRule = .opaqueOnly, resize: Resize = .none,
    filter: ResamplingFilter = .bilinear, centerCrop: Crop? = nil, scaling: IntensityScaling = .unitRange, channels: Int = 1,
    mean: [Float]? = nil, standardDeviation: [Float]? = nil
  ) {
    precondition(channels == 1 || channels == 3, "a network's input has 1 or 3 channels, not \(channels)")
    self.grayConversion = grayConversion
    self.alphaRule = alphaRule
    self.resize = resize
    self.filter = filter
    self.centerCrop = centerCrop
    self.scaling = scaling
    self.channels = channels
    self.mean = mean ?? Array(repeating: 0, count: channels)
    self.standardDeviation = standardDeviation ?? Array(repeating: 1, count: channels)
    precondition(self.mean.count == channels && self.standardDeviation.count == channels, "one mean and one deviation per channel")
  }

  /// `[C, H, W]` when every scan comes out with the same size, nil when it depends on the scan.
  public var outputShape: Shape? {
    if let centerCrop { return [channels, centerCrop.height, centerCrop.width] }
    if case .exact(let width, let height) = resize { return [channels, height, width] }
    return nil
  }

  /// The network's input `[C, H, W]`, and what was decided about the image's channels.
  public func prepare(_ image: DecodedImage) throws(PixelError) -> PreparedImage {
    fatalError("not yet")
  }

  /// The network's input `[C, H, W]`.
  public func apply(to image: DecodedImage) throws(PixelError) -> Tensor { try prepare(image).tensor }
}

public struct PreparedImage: Sendable {
  public let tensor: Tensor
  /// Sorted.
  public let notes: [PixelNote]
}
