import Foundation
import RandomStreams

/// How the patient lay for one scan: image coordinates to the anatomy's.
struct Pose: Sendable {
  private let cosine, sine, shiftX, shiftY: Double

  init(using stream: inout RandomStream) {
    let angle = stream.uniform(-6, 6) * .pi / 180
    let size = 1 + stream.uniform(-0.03, 0.03)
    (cosine, sine) = (cos(angle) / size, sin(angle) / size)
    shiftX = stream.uniform(-0.06, 0.06)
    shiftY = stream.uniform(-0.06, 0.06)
  }

  func anatomical(_ x: Double, _ y: Double) -> (x: Double, y: Double) {
    let (dx, dy) = (x - shiftX, y - shiftY)
    return (cosine * dx + sine * dy, cosine * dy - sine * dx)
  }
}
