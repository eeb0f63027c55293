import Foundation
import RandomStreams
import Tensors

/// Random changes to a prepared training scan that leave its label alone; a field at its neutral value does nothing.
///
/// Flip, rotation and scale become one affine map, applied by a single bilinear warp about the image's centre; pixels from
/// outside repeat the nearest edge. Intensity is `gain * x + offset` on the prepared values.
public struct Augmentation: Hashable, Sendable {
  /// Mirror left and right with probability one half.
  public let horizontalFlip: Bool
  /// Rotation is uniform in ± this many degrees.
  public let rotationDegrees: Double
  /// Magnification is log-uniform in 1/(1 + this) … 1 + this.
  public let scale: Double
  /// Gain is uniform in 1 ± this.
  public let intensityGain: Double
  /// Offset is uniform in ± this, in units of the prepared values.
  public let intensityOffset: Double

  public init(
    horizontalFlip: Bool = false, rotationDegrees: Double = 0, scale: Double = 0, intensityGain: Double = 0, intensityOffset: Double = 0
  ) {
    precondition(
      [rotationDegrees, scale, intensityGain, intensityOffset].allSatisfy { $0 >= 0 && $0.isFinite },
      "augmentation strengths are finite and not negative")
    self.horizontalFlip = horizontalFlip
    self.rotationDegrees = rotationDegrees
    self.scale = scale
    self.intensityGain = intensityGain
    self.intensityOffset = intensityOffset
  }

  /// `image` is `[C, H, W]`. Five numbers are drawn from the stream whatever is switched on.
  public func apply(to image: Tensor, using stream: inout RandomStream) -> Tensor {
    precondition(image.shape.rank == 3, "augmentation takes [C, H, W], not \(image.shape)")
    let isFlipped = stream.uniform() < 0.5 && horizontalFlip
    let angle = stream.uniform(-1, 1) * rotationDegrees * .pi / 180
    let magnification = exp(stream.uniform(-1, 1) * log1p(scale))
    let gain = Float(1 + stream.uniform(-1, 1) * intensityGain)
    let offset = Float(stream.uniform(-1, 1) * intensityOffset)

    let map = AffineWarp(isFlipped: isFlipped, angle: angle, magnification: magnification)
    var result = map.isIdentity ? image : map.apply(to: image)
    guard gain != 1 || offset != 0 else { return result }
    result.withUnsafeMutableBuffer { values in
      for index in values.indices { values[index] = gain * values[index] + offset }
    }
    return result
  }
}

extension Augmentation: Codable {
  private enum CodingKeys: String, CodingKey {
    case horizontalFlip, rotationDegrees, scale, intensityGain, intensityOffset
  }

  /// Fields left out are neutral; negative strengths are refused.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func strength(_ key: CodingKeys) throws -> Double {
      let value = try container.decodeIfPresent(Double.self, forKey: key) ?? 0
      guard value >= 0 && value.isFinite else {
        throw DecodingError.dataCorruptedError(forKey: key, in: container, debugDescription: "found \(value); expected 0 or more")
      }
      return value
    }
    self.init(
      horizontalFlip: try container.decodeIfPresent(Bool.self, forKey: .horizontalFlip) ?? false,
      rotationDegrees: try strength(.rotationDegrees), scale: try strength(.scale), intensityGain: try strength(.intensityGain),
      intensityOffset: try strength(.intensityOffset))
  }
}

extension Augmentation: CustomStringConvertible {
  /// `flip rotate=10.0 scale=0.1 gain=0.1 offset=0.05`, or `none`.
  public var description: String {
    var words: [String] = horizontalFlip ? ["flip"] : []
    for (name, value) in [("rotate", rotationDegrees), ("scale", scale), ("gain", intensityGain), ("offset", intensityOffset)]
    where value != 0 {
      words.append("\(name)=\(value)")
    }
    return words.isEmpty ? "none" : words.joined(separator: " ")
  }
}
