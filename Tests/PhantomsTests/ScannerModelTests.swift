import Foundation
import Phantoms
import RandomStreams
import Testing

@Suite("Scanner models")
struct ScannerModelTests {
  private func scan(_ model: ScannerModel, _ signal: [Double], size: Int) -> [Double] {
    var stream = RandomStream(seed: 5, purpose: "test")
    let image = model.scan(signal, size: size, using: &stream)
    #expect(image.bitDepth == model.bitDepth)
    return image.samples.map { Double($0) / Double(image.fullScale) }
  }

  @Test("Gain, gamma and offset follow their formula to the rounding of 16 bits")
  func response() {
    let model = ScannerModel(name: "x", gain: 0.7, offset: 0.2, gamma: 1.5, bitDepth: 16)
    let signal = (0..<64).map { Double($0) / 63 }
    for (measured, value) in zip(scan(model, signal, size: 8), signal) {
      #expect(abs(measured - (0.7 * value * value.squareRoot() + 0.2)) <= 0.5001 / 65535)
    }
  }

  @Test("Values outside 0…1 are clamped")
  func clamping() {
    #expect(scan(ScannerModel(name: "x", gain: 3), [0.5, 0.1, 1, 0], size: 2) == [1, 77.0 / 255, 1, 0])
    #expect(scan(ScannerModel(name: "x", offset: -0.5), [0.2, 0.5, 0, 0.1], size: 2) == [0, 0, 0, 0])
  }

  @Test("Vignetting takes nothing at the centre and its full fraction at the corners")
  func vignetting() {
    let measured = scan(ScannerModel(name: "x", vignetting: 0.4, bitDepth: 16), Array(repeating: 0.8, count: 101 * 101), size: 101)
    #expect(abs(measured[50 * 101 + 50] - 0.8) < 1e-4)
    let corner = 100.0 / 101  // the corner pixel's centre
    #expect(abs(measured[0] - 0.8 * (1 - 0.4 * corner * corner)) < 1e-4)
  }

  @Test("Blur spreads a point into the Gaussian of its width")
  func blur() {
    var point = [Double](repeating: 0, count: 64 * 64)
    point[32 * 64 + 32] = 1
    let measured = scan(ScannerModel(name: "x", blur: 1.5, bitDepth: 16), point, size: 64)
    for (dx, dy) in [(0, 0), (1, 0), (2, -1), (3, 3)] {
      let expected = exp(-Double(dx * dx + dy * dy) / 4.5) / (2 * .pi * 2.25)
      #expect(abs(measured[(32 + dy) * 64 + 32 + dx] - expected) < 0.0006)
    }
    #expect(abs(measured.reduce(0, +) - 1) < 0.03)
  }

  @Test("Gaussian noise has its deviation, Rician noise lifts the dark to sigma times the root of pi over 2")
  func noise() {
    func moments(_ values: [Double]) -> (mean: Double, deviation: Double) {
      let mean = values.reduce(0, +) / Double(values.count)
      return (mean, (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot())
    }
    let gray = [Double](repeating: 0.5, count: 10_000)
    let gaussian = moments(scan(ScannerModel(name: "x", noise: .gaussian(deviation: 0.05), bitDepth: 16), gray, size: 100))
    #expect(abs(gaussian.mean - 0.5) < 0.002 && abs(gaussian.deviation - 0.05) < 0.002)
    let dark = [Double](repeating: 0, count: 10_000)
    let rician = moments(scan(ScannerModel(name: "x", noise: .rician(deviation: 0.05), bitDepth: 16), dark, size: 100))
    #expect(abs(rician.mean - 0.05 * (Double.pi / 2).squareRoot()) < 0.002)
    #expect(abs(rician.deviation - 0.05 * (2 - Double.pi / 2).squareRoot()) < 0.002)
  }

  @Test("Scanners are found by name")
  func names() {
    #expect(ScannerModel.named.map(\.name) == ["alpha", "beta", "gamma", "delta", "epsilon"])
    #expect(ScannerModel(named: "beta") == .beta && ScannerModel(named: "zeta") == nil)
  }
}
