import Foundation
import RandomStreams

/// A random texture of one grain size: plane waves of random direction and phase, mean 0 and variance 1 over the plane.
struct WaveTexture: Sendable {
  private let waves: [(x: Double, y: Double, phase: Double)]
  private let amplitude: Double

  /// - Parameter wavelengths: in half image widths, as all coordinates here.
  init(count: Int, wavelengths: ClosedRange<Double>, using stream: inout RandomStream) {
    var waves: [(x: Double, y: Double, phase: Double)] = []
    for _ in 0..<count {
      let direction = stream.uniform(0, 2 * .pi)
      let frequency = 2 * .pi / stream.uniform(wavelengths.lowerBound, wavelengths.upperBound)
      waves.append((frequency * cos(direction), frequency * sin(direction), stream.uniform(0, 2 * .pi)))
    }
    self.waves = waves
    amplitude = (2 / Double(count)).squareRoot()
  }

  func callAsFunction(_ x: Double, _ y: Double) -> Double {
    var sum = 0.0
    for wave in waves { sum += cos(wave.x * x + wave.y * y + wave.phase) }
    return amplitude * sum
  }
}
