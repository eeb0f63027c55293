import Foundation
import RandomStreams

/// One patient's body as a scalar field over the image plane: outline, tissue, slow texture, vessels and one nodule.
///
/// Coordinates run from −1 to 1 across the image's shorter side; values are tissue signal, about 0 to 1. It differs far more between
/// patients than between findings.
struct Anatomy: Sendable {
  private let halfWidth, halfHeight, squareness: Double
  private let background, tissue, rim: Double
  private let slow: WaveTexture
  private let slowContrast: Double
  private let grain: WaveTexture
  private let vessels: [Vessel]
  private let nodule: Nodule

  init(_ finding: Finding, using stream: inout RandomStream) {
    halfWidth = stream.uniform(0.72, 0.92)
    halfHeight = stream.uniform(0.72, 0.92)
    squareness = stream.uniform(2, 3.2)
    background = stream.uniform(0.01, 0.05)
    tissue = stream.uniform(0.26, 0.40)
    rim = stream.uniform(0.05, 0.2)
    slow = WaveTexture(count: 6, wavelengths: 0.7...1.8, using: &stream)
    slowContrast = stream.uniform(0.02, 0.05)
    grain = WaveTexture(count: 10, wavelengths: 0.08...0.3, using: &stream)
    vessels = (0..<3).map { _ in Vessel(using: &stream) }
    let direction = stream.uniform(0, 2 * .pi)
    let distance = 0.34 * stream.uniform().squareRoot()
    nodule = Nodule(finding, center: (distance * cos(direction), distance * sin(direction)), using: &stream)
  }

  func signal(_ x: Double, _ y: Double) -> Double {
    let radial = pow(pow(abs(x) / halfWidth, squareness) + pow(abs(y) / halfHeight, squareness), 1 / squareness)
    let inside = smoothStep((1 - radial) / 0.05 + 0.5)
    guard inside > 0 else { return background }
    let skin = rim * exp(-pow((radial - 0.95) / 0.04, 2))
    var content = tissue + skin + slowContrast * slow(x, y) + 0.015 * grain(x, y)
    for vessel in vessels { content += vessel.signal(x, y) }
    return background + inside * (max(content + nodule.signal(x, y), 0) - background)
  }
}

/// A bright curved line across the body: edges that mean nothing.
private struct Vessel: Sendable {
  private let cosine, sine, offset, bend, frequency, phase, width, brightness: Double

  init(using stream: inout RandomStream) {
    let direction = stream.uniform(0, .pi)
    (cosine, sine) = (cos(direction), sin(direction))
    offset = stream.uniform(-0.6, 0.6)
    bend = stream.uniform(0.03, 0.12)
    frequency = stream.uniform(2, 5)
    phase = stream.uniform(0, 2 * .pi)
    width = stream.uniform(0.02, 0.04)
    brightness = stream.uniform(0.06, 0.16)
  }

  func signal(_ x: Double, _ y: Double) -> Double {
    let along = cosine * x + sine * y
    let across = cosine * y - sine * x - offset - bend * sin(frequency * along + phase)
    let scaled = across / width
    return abs(scaled) > 3 ? 0 : brightness * exp(-scaled * scaled)
  }
}
