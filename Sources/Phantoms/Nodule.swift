import Foundation
import RandomStreams

/// The nodule that carries the label. Its kinds differ in outline and grain only: the area enclosed, the mean brightness and
/// the texture's variance come from the same distributions, so that no histogram separates them. Nor does outline or grain alone:
/// some benign ones are spiculated like a lesion, others as finely grained.
struct Nodule: Sendable {
  private let x, y: Double
  private let radius: Double
  private let outline: Outline
  private let lift: Double
  private let texture: WaveTexture

  static let textureContrast = 0.08

  /// - Parameter center: where it sits, in half image widths from the centre.
  init(_ finding: Finding, center: (x: Double, y: Double), using stream: inout RandomStream) {
    (x, y) = center
    radius = stream.uniform(0.26, 0.34)
    lift = stream.uniform(0.16, 0.26)
    let mimicry = stream.uniform()
    outline = Outline(isSpiculated: finding == .lesion || mimicry < 0.15, using: &stream)
    let isFine = finding == .lesion || mimicry > 0.85
    texture = WaveTexture(count: 14, wavelengths: isFine ? 0.08...0.12 : 0.23...0.36, using: &stream)
  }

  /// What the nodule adds to the tissue at a point; 0 outside.
  func signal(_ pointX: Double, _ pointY: Double) -> Double {
    let (dx, dy) = (pointX - x, pointY - y)
    let distance = (dx * dx + dy * dy).squareRoot()
    guard distance < radius * 2.2 else { return 0 }
    let edge = radius * outline.radius(at: atan2(dy, dx))
    let inside = smoothStep((edge - distance) / Nodule.edgeWidth + 0.5)
    return inside == 0 ? 0 : inside * (lift + Nodule.textureContrast * texture(dx, dy))
  }

  private static let edgeWidth = 0.04
}

/// Radius over angle, scaled so that every outline encloses the area of the unit circle.
private struct Outline: Sendable {
  private let lobes: Double
  private let depth: Double
  /// 0 for a cosine; larger values sharpen the crests into spicules.
  private let sharpness: Double
  private let phase: Double
  private let imbalance: Double
  private let imbalancePhase: Double
  private var normalizer = 1.0

  init(isSpiculated: Bool, using stream: inout RandomStream) {
    if isSpiculated {
      lobes = stream.uniform(6, 10).rounded(.down)
      depth = stream.uniform(0.5, 0.8)
      sharpness = 2
    } else {
      lobes = stream.uniform(2, 5).rounded(.down)
      depth = stream.uniform(0.04, 0.12)
      sharpness = 0
    }
    phase = stream.uniform(0, 2 * .pi)
    imbalance = stream.uniform(0, 0.3)
    imbalancePhase = stream.uniform(0, 2 * .pi)
    let steps = 720
    let meanSquare = (0..<steps).reduce(0) { $0 + pow(radius(at: 2 * .pi * Double($1) / Double(steps)), 2) } / Double(steps)
    normalizer = 1 / meanSquare.squareRoot()
  }

  func radius(at angle: Double) -> Double {
    let wave = cos(lobes * angle + phase)
    let crest = sharpness == 0 ? wave : exp(sharpness * (wave - 1))
    return normalizer * (1 + depth * (1 + imbalance * cos(2 * angle + imbalancePhase)) * crest)
  }
}

/// 0 below 0, 1 above 1, smooth between: an antialiased edge.
func smoothStep(_ value: Double) -> Double {
  let clamped = min(max(value, 0), 1)
  return clamped * clamped * (3 - 2 * clamped)
}
