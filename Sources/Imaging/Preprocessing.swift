import Tensors

/// Everything between a decoded image and a network's input, as one value that a model card keeps and a table's header prints.
///
/// The order is fixed: color and alpha rules, resize (on float samples, no rounding in between), centre crop, intensity
/// scaling, channels, then (x − mean) / standard deviation per channel.
public struct Preprocessing: Hashable, Sendable {
  public enum Resize: Hashable, Sendable {
    case none
    /// The shorter side gets this length, the other follows with torchvision's rounding (downwards).
    case shortestSide(Int)
    case exact(width: Int, height: Int)
  }

  public struct Crop: Hashable, Sendable {
    public let width: Int
    public let height: Int

    public init(width: Int, height: Int) {
      self.width = width
      self.height = height
    }
  }

  public let grayConversion: GrayConversion
  public let alphaRule: AlphaRule
  public let resize: Resize
  public let filter: ResamplingFilter
  /// Smaller images are padded with stored value 0, as torchvision's `CenterCrop` pads.
  public let centerCrop: Crop?
  public let scaling: IntensityScaling
  /// 1 or 3. Gray scans are repeated to 3.
  public let channels: Int
  /// One value per channel.
  public let mean: [Float]
  public let standardDeviation: [Float]

  public init(
    grayConversion: GrayConversion = .equalChannelsOnly, alphaRule: AlphaRule = .opaqueOnly, resize: Resize = .none,
    filter: ResamplingFilter = .bilinear, centerCrop: Crop? = nil, scaling: IntensityScaling = .unitRange, channels: Int = 1,
    mean: [Float]? = nil, standardDeviation: [Float]? = nil
  ) {
    precondition(channels == 1 || channels == 3, "a network's input has 1 or 3 channels, not \(channels)")
    precondition(scaling.isOrdered, "the lower end of \(scaling) is not below the upper one")
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
    precondition(self.standardDeviation.allSatisfy { $0 > 0 }, "standard deviations are positive: \(self.standardDeviation)")
  }

  /// torchvision's evaluation transform for ImageNet weights: shortest side, centre crop, three channels.
  public static func imageNet(shortestSide: Int = 256, crop: Int = 224) -> Preprocessing {
    Preprocessing(
      resize: .shortestSide(shortestSide), centerCrop: Crop(width: crop, height: crop), channels: 3, mean: [0.485, 0.456, 0.406],
      standardDeviation: [0.229, 0.224, 0.225])
  }

  /// `[C, H, W]` when every scan comes out with the same size, nil when it depends on the scan.
  public var outputShape: Shape? {
    if let centerCrop { return [channels, centerCrop.height, centerCrop.width] }
    if case .exact(let width, let height) = resize { return [channels, height, width] }
    return nil
  }

  /// The size `resize` asks for. torchvision: the longer side is `Int(side * long / short)`.
  func resizedSize(width: Int, height: Int) -> (width: Int, height: Int) {
    switch resize {
    case .none: (width, height)
    case .exact(let newWidth, let newHeight): (newWidth, newHeight)
    case .shortestSide(let side):
      width <= height ? (side, max(1, side * height / width)) : (max(1, side * width / height), side)
    }
  }
}
