import Foundation
import Imaging
import Normalization
import RandomStreams
import Tensors
import Testing

/// As `rows` in tools/golden/diagnosis.py, which computed the expected values with SciPy.
private func rows(_ count: Int, _ width: Int, _ phase: Double) -> [[Double]] {
  func value(_ i: Double, _ j: Double) -> Double {
    let wave = sin(1.3 * i + 0.7 * j * j + phase)
    let beat = 0.5 * cos(0.37 * i * (j + 1))
    return wave + beat + 0.1 * phase * j
  }
  return (0..<count).map { i in (0..<width).map { j in value(Double(i), Double(j)) } }
}

/// Patients with an offset of their own, two scans each.
private func features(patients: Int, shift: Double, prefix: String, width: Int = 6, using stream: inout RandomStream)
  -> (rows: [[Double]], patients: [String])
{
  var (rows, names): ([[Double]], [String]) = ([], [])
  for patient in 0..<patients {
    let own = (0..<width).map { _ in stream.normal() }
    for _ in 0..<2 {
      rows.append(own.map { $0 + 0.5 * stream.normal() + shift })
      names.append("\(prefix)\(patient)")
    }
  }
  return (rows, names)
}

@Suite("Distances between scanners' feature vectors")
struct DomainDistanceTests {
  @Test("The Fréchet distance is SciPy's, with more rows than features and with fewer")
  func golden() {
    let many = FrechetDistance.distance(rows(40, 5, 0), rows(30, 5, 1))
    #expect(abs(many.distance - 0.34437029015824017) < 1e-9 && abs(many.trace - 6.332294449392942) < 1e-9)
    #expect(abs(FrechetDistance.distance(rows(12, 20, 0), rows(9, 20, 1)).distance - 23.903119741437592) < 1e-6)
    #expect(abs(FrechetDistance.distance(rows(12, 20, 0), rows(12, 20, 0)).distance) < 1e-6)
  }

  @Test("Extrapolated to 1/n = 0, samples of one distribution lie nearer to 0 than the plain estimate")
  func extrapolation() throws {
    var stream = RandomStream(seed: 1, purpose: "fréchet")
    var (plain, extrapolated) = (0.0, 0.0)
    for trial in 0..<20 {
      let one = features(patients: 30, shift: 0, prefix: "a", using: &stream)
      let other = features(patients: 30, shift: 0, prefix: "b", using: &stream)
      let found = try #require(
        FrechetDistance(one.rows, patients: one.patients, other.rows, patients: other.patients, seed: UInt64(trial)))
      plain += found.plain / 20
      extrapolated += try #require(found.extrapolated) / 20
    }
    #expect(plain > 0.3 && abs(extrapolated) < plain / 3, "plain \(plain), extrapolated \(extrapolated)")
  }

  @Test("Pixels are measured as NumPy does; noise is found where only noise is, and gain and offset don't move sharpness")
  func pixels() {
    func measured(_ gain: Double, _ value: (Int, Int) -> Double) -> [InputMeasure: Double] {
      let image = Tensor(shape: [1, 16, 16], values: (0..<256).map { Float(gain * value($0 % 16, $0 / 16)) })
      let plain = Preprocessing(channels: 1)
      return Dictionary(uniqueKeysWithValues: zip(InputMeasure.allCases, InputMeasurement(image, preprocessing: plain).values))
    }
    func pattern(_ x: Int, _ y: Int) -> Double {
      let wave = 0.3 * sin(0.5 * Double(x) + 0.2 * Double(y * y))
      return 0.5 + wave + 0.15 * cos(1.7 * Double(x * y))
    }
    let found = measured(1, pattern)
    #expect(abs(found[.mean]! - 0.5282925533) < 1e-6 && abs(found[.deviation]! - 0.2518600538) < 1e-6)
    #expect(abs(found[.median]! - 0.5447650316) < 1e-6)
    #expect(abs(found[.sharpness]! - 10.0744709) < 1e-4 && abs(found[.noise]! - 0.1115025111) < 1e-6)
    #expect(abs(measured(0.4, pattern)[.sharpness]! - 10.0744709) < 1e-4)
    var stream = RandomStream(seed: 3, purpose: "noise")
    let noise = (0..<40).map { _ in measured(1) { _, _ in 0.5 + 0.05 * stream.normal() }[.noise]! }.reduce(0, +) / 40
    #expect(abs(noise - 0.05) < 0.003, "\(noise)")
  }
}

@Suite("Layers tested together")
struct FamilyWiseTests {
  @Test("With twelve layers and no shift, any alarm at all is raised at the stated rate; layer by layer it would be far more often")
  func rate() {
    var stream = RandomStream(seed: 8, purpose: "family")
    var (alarms, single) = (0, 0)
    for trial in 0..<200 {
      let reference = MismatchTests.cohort(patients: 10, layers: 12, using: &stream)
      let target = MismatchTests.cohort(patients: 8, layers: 12, using: &stream)
      let report = MismatchComparison(draws: 59, seed: UInt64(trial)).compare(
        target, of: "B", with: reference, of: "A", epsilons: [Double](repeating: 1e-5, count: 12))
      if !report.layersBeyondChance().isEmpty { alarms += 1 }
      if report.layers.contains(where: { $0[.symmetricKL].pValue! <= 0.05 }) { single += 1 }
    }
    // Binomial(200, 0.05): mean 10, standard deviation 3.1.
    #expect((2...19).contains(alarms), "\(alarms) of 200")
    #expect(single > 50, "\(single) of 200")
  }
}
