import RandomStreams
import Tensors

/// Random changes to a prepared training scan that leave its label alone; a field at its neutral value does nothing.
///
/// Flip, rotation and scale become one affine map, applied by a single bilinear warp about the image's centre; pixels from
/// outside repeat the nearest edge. Intensity is `gain * x + offset` on the prepared values.
public struct Augmentation: Codable, Hashable, Sendable {
  /// Mirror left and right with probability one half.
  public var horizontalFlip: Bool
  /// Rotation is uniform in ± this many degrees.
  public var rotationDegrees: Double
  /// Magnification is log-uniform in 1/(1 + this) … 1 + this.
  public var scale: Double
  /// Gain is uniform in 1 ± this.
  public var intensityGain: Double
  /// Offset is uniform in ± this, in units of the prepared values.
  public var intensityOffset: Double

  public init(
    horizontalFlip: Bool = false, rotationDegrees: Double = 0, scale: Double = 0, intensityGain: Double = 0, intensityOffset: Double = 0
  ) {
    precondition(rotationDegrees >= 0 && scale >= 0 && intensityGain >= 0 && intensityOffset >= 0, "augmentation strengths are not negative")
    self.horizontalFlip = horizontalFlip
    self.rotationDegrees = rotationDegrees
    self.scale = scale
    self.intensityGain = intensityGain
    self.intensityOffset = intensityOffset
  }

  /// `image` is `[C, H, W]`. Five numbers are drawn from the stream whatever is switched on.
  public func apply(to image: Tensor, using stream: inout RandomStream) -> Tensor {
    fatalError("not yet")
  }
}
