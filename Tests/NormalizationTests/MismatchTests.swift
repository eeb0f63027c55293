import Cohorts
import Engine
import Normalization
import RandomStreams
import Testing

@Suite("Mismatch of a scanner and what chance would do")
struct MismatchTests {
  /// Moments of simulated patients: each has an offset of its own, shared by its scans, which is what makes patients the unit.
  static func cohort(
    patients: Int, shifted layer: Int? = nil, by shift: Double = 0, layers: Int = 3, channels: Int = 4, using stream: inout RandomStream
  ) -> PatientMoments {
    var moments = [[ChannelMoments]](repeating: [], count: layers)
    for _ in 0..<patients {
      for index in 0..<layers {
        let offsets = (0..<channels).map { _ in 0.5 * stream.normal() + (index == layer ? shift : 0) }
        moments[index].append(
          ChannelMoments(count: 400, mean: offsets, m2: (0..<channels).map { _ in 400 * (0.8 + 0.4 * stream.uniform()) }))
      }
    }
    return PatientMoments(
      layers: (0..<layers).map { "bn\($0)" }, patients: (0..<patients).map { PatientID("patient \(100 + $0)") }, scanCount: 4 * patients,
      moments: moments)
  }

  let epsilons = [1e-5, 1e-5, 1e-5]

  @Test("A shift planted at one layer is found there and nowhere else")
  func planted() {
    var stream = RandomStream(seed: 3, purpose: "mismatch")
    let reference = Self.cohort(patients: 20, using: &stream)
    let target = Self.cohort(patients: 20, shifted: 1, by: 1.5, using: &stream)
    let report = MismatchComparison(draws: 99).compare(target, of: "B", with: reference, of: "A", epsilons: epsilons)
    #expect(report.layersBeyondChance().map(\.layer).contains("bn1"))
    #expect(report.layers[1][.symmetricKL].pValue == 0.01)
    #expect(report.layers[1][.standardizedMeanShift].pValue == 0.01)
    for other in [0, 2] { #expect(report.layers[other][.symmetricKL].pValue! > 0.05) }
    #expect(report.patients == 20 && report.referencePatients == 20 && report.null == .permutedPatients)
  }

  @Test("Without a shift, patients that differ among themselves raise an alarm at the stated rate")
  func falseAlarms() {
    var stream = RandomStream(seed: 4, purpose: "mismatch")
    let alarms = (0..<200).count { trial in
      let reference = Self.cohort(patients: 12, layers: 1, using: &stream)
      let target = Self.cohort(patients: 8, layers: 1, using: &stream)
      let report = MismatchComparison(draws: 59, seed: UInt64(trial)).compare(target, of: "B", with: reference, of: "A", epsilons: [1e-5])
      return report.layers[0][.symmetricKL].pValue! <= 0.05
    }
    // Binomial(200, 0.05): mean 10, standard deviation 3.1.
    #expect((2...19).contains(alarms), "\(alarms) of 200")
  }

  @Test("Stored statistics that fit raise no alarm; ones that don't, do, with every patient counted")
  func stored() {
    var stream = RandomStream(seed: 5, purpose: "mismatch")
    let fits = ChannelStatistics(mean: [0, 0, 0, 0], variance: [1.25, 1.25, 1.25, 1.25])
    let stale = ChannelStatistics(mean: [2, 2, -2, 2], variance: [1.25, 5, 1.25, 1.25])
    let target = Self.cohort(patients: 30, layers: 2, using: &stream)
    let report = MismatchComparison(draws: 99).compare(target, of: "B", withStored: [fits, stale], epsilons: [1e-5, 1e-5])
    #expect(report.layersBeyondChance().map(\.layer) == ["bn1"])
    #expect(report.layers[0][.symmetricKL].pValue! > 0.05)
    #expect(report.layers[1][.symmetricKL].pValue == 0.01)
    #expect(report.null == .patientHalves && report.referencePatients == nil && report.scans == 120)
  }

  @Test("One patient leaves nothing to draw from: no band, no p-value")
  func onePatient() {
    var stream = RandomStream(seed: 6, purpose: "mismatch")
    let target = Self.cohort(patients: 1, layers: 1, using: &stream)
    let stored = ChannelStatistics(mean: [0, 0, 0, 0], variance: [1, 0, 1, 1])
    let report = MismatchComparison(draws: 9).compare(target, of: "B", withStored: [stored], epsilons: [1e-5])
    #expect(report.layers[0][.symmetricKL].pValue == nil && report.layers[0][.symmetricKL].nullBand == nil)
    #expect(report.layers[0].constantInReference == [1])
    #expect(report.layers[0][.logVarianceRatio].worstChannels[0] == 1)
    #expect(report.layersBeyondChance().isEmpty)
  }

  @Test("The same seed gives the same report")
  func reproducible() {
    var stream = RandomStream(seed: 7, purpose: "mismatch")
    let reference = Self.cohort(patients: 5, using: &stream)
    let target = Self.cohort(patients: 6, using: &stream)
    let comparison = MismatchComparison(draws: 19, seed: 11)
    #expect(
      comparison.compare(target, of: "B", with: reference, of: "A", epsilons: epsilons)
        == comparison.compare(target, of: "B", with: reference, of: "A", epsilons: epsilons))
  }
}
