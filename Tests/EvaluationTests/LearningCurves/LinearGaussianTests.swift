import Evaluation
import Foundation
import Testing

@Suite("The linear-Gaussian model")
struct LinearGaussianTests {
  static let model = LinearGaussianSimulation.model

  /// Excess error of the probe, B² + (s² + B²) k/(n-k-1).
  static func probeError(at size: Double) -> Double {
    model.omittedSignal + (model.noise + model.omittedSignal) * model.probeFeatures / (size - model.probeFeatures - 1)
  }

  /// Excess error of the whole, s² d/(n-d-1).
  static func fullError(at size: Double) -> Double { model.noise * model.features / (size - model.features - 1) }

  @Test("Both errors are equal at n* = d + 1 + (d-k) s²/B² = 51; where nothing is omitted they never cross")
  func closedForm() throws {
    #expect(Self.model.crossing == 51)
    #expect(abs(Self.probeError(at: 51) - 2.0 / 3) < 1e-12 && abs(Self.fullError(at: 51) - 2.0 / 3) < 1e-12)
    #expect(LinearGaussian(probeFeatures: 5, features: 20, omittedSignal: 0, noise: 1).crossing == nil)
  }

  @Test("Measured errors of simulated least squares are the closed forms' plus the noise")
  func simulated() throws {
    let sizes = [40, 64]
    var sums = [[0.0, 0], [0, 0]]
    let runs = 40
    for seed in 0..<UInt64(runs) {
      let measured = try LinearGaussianSimulation(patients: 200, draws: 1, sizes: sizes).measurements(seed: 1000 + seed)
      let curves = CurveBootstrap(seed: seed, resamples: 2).curves(of: measured)
      for (row, name) in ["probe", "full"].enumerated() {
        for (column, point) in curves.curve(name).points.enumerated() { sums[row][column] += point.error / Double(runs) }
      }
    }
    for (column, size) in sizes.enumerated() {
      #expect(abs(sums[0][column] - 1 - Self.probeError(at: Double(size))) < 0.06)
      #expect(abs(sums[1][column] - 1 - Self.fullError(at: Double(size))) < 0.06)
    }
  }

  @Test("Curves of the closed forms give k, d, B² and s² back")
  func estimated() throws {
    func curve(_ name: String, _ excess: (Double) -> Double) -> [CurveMeasurement] {
      [30, 40, 60, 90, 130].map { size in
        let errors = (0..<20).map { PatientError(patient: "p\($0)", loss: Self.model.noise + excess(Double(size))) }
        return CurveMeasurement(strategy: name, size: size, fold: 0, draw: 0, errors: errors)
      }
    }
    let measured = curve("probe", Self.probeError) + curve("full", Self.fullError)
    let curves = CurveBootstrap(seed: 1, resamples: 2).curves(of: try CurveMeasurements(measured, poolSize: 200))
    let found = try #require(LinearGaussian(probe: curves.curve("probe"), full: curves.curve("full")))
    #expect(abs(found.probeFeatures - 5) < 1e-3 && abs(found.features - 20) < 1e-3)
    #expect(abs(found.omittedSignal - 0.5) < 1e-4 && abs(found.noise - 1) < 1e-4)
    #expect(abs(try #require(found.crossing) - 51) < 0.02)
    #expect(LinearGaussian(probe: curves.curve("full"), full: curves.curve("probe")) == nil)
  }
}
