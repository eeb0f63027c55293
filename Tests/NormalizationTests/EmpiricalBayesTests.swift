import Cohorts
import Engine
import Normalization
import RandomStreams
import Testing

@Suite("Empirical-Bayes mixing of statistics")
struct EmpiricalBayesTests {
  /// Patients with 1, 5, 2 and 3 scans of four values each, in two channels; the second one's patients differ much more.
  private static let values: [[[[Double]]]] = {
    var stream = RandomStream(seed: 11, purpose: "empirical Bayes")
    return [1, 5, 2, 3].map { scans in
      let level = [0.1 * stream.normal(), 3 * stream.normal()]
      return (0..<scans).map { _ in (0..<2).map { channel in (0..<4).map { _ in 2 + level[channel] + stream.normal() } } }
    }
  }()

  private static func moments(_ values: [Double]) -> (mean: Double, m2: Double) {
    let mean = values.reduce(0, +) / Double(values.count)
    return (mean, values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) })
  }

  /// Each patient's pooled moments, by the definition.
  private static let patients: [ChannelMoments] = values.map { scans in
    let pooled = (0..<2).map { channel in moments(scans.flatMap { $0[channel] }) }
    return ChannelMoments(count: Double(4 * scans.count), mean: pooled.map(\.mean), m2: pooled.map(\.m2))
  }

  private static let target: ChannelStatistics = {
    let pooled = (0..<2).map { channel in moments(values.flatMap { $0 }.flatMap { $0[channel] }) }
    return ChannelStatistics(mean: pooled.map(\.mean), variance: pooled.map { $0.m2 / 43 })
  }()

  @Test(
    "The standard error is the sandwich clustered by patient: residuals of a regression on a constant, summed over each patient's values")
  func sandwich() throws {
    let squares = try #require(PatientStandardError.squares(Self.patients))
    for channel in 0..<2 {
      // (X'X)^-1 (sum over clusters of (X_g'u_g)²) (X'X)^-1 * G/(G-1), with X a column of 44 ones.
      let meat = Self.values.reduce(0.0) { sum, scans in
        let score = scans.flatMap { $0[channel] }.reduce(0) { $0 + ($1 - Self.target.mean[channel]) }
        return sum + score * score
      }
      #expect(abs(squares[channel] / (meat / (44 * 44) * 4 / 3) - 1) < 1e-12)
    }
  }

  @Test("With equally many values a patient it is the sample variance of the patients' means over their number")
  func balanced() throws {
    let means: [Double] = [1, 4, 2, 9, 5]
    let equal = means.map { ChannelMoments(count: 7, mean: [$0], m2: [3]) }
    let squares = try #require(PatientStandardError.squares(equal))
    #expect(abs(squares[0] - Self.moments(means).m2 / 4 / 5) < 1e-12)
  }

  @Test("Each channel's weight is SE² / (SE² + shift²), and mean and both variances mix by it", arguments: [false, true])
  func weights(isMomentExact: Bool) throws {
    let source = ChannelStatistics(mean: [0.5, 0.5], variance: [2, 0.25])
    let blend = StatisticsBlend.empiricalBayes(variance: isMomentExact ? .momentExact : .published)
    let mixed = try blend.blend(source: source, target: .init(Self.target, scans: 11, patients: Self.patients), layer: "bn1")
    let squares = try #require(PatientStandardError.squares(Self.patients))
    for channel in 0..<2 {
      let shift = Self.target.mean[channel] - source.mean[channel]
      let rho = squares[channel] / (squares[channel] + shift * shift)
      #expect(abs(mixed.mean[channel] - (rho * source.mean[channel] + (1 - rho) * Self.target.mean[channel])) < 1e-12)
      let extra = isMomentExact ? rho * (1 - rho) * shift * shift : 0
      let variance = rho * source.variance[channel] + (1 - rho) * Self.target.variance[channel] + extra
      #expect(abs(mixed.variance[channel] - variance) < 1e-12)
    }
  }

  @Test("A shift of exactly one standard error weighs both sides alike; none keeps the source; one of many follows the target")
  func limits() throws {
    let squares = try #require(PatientStandardError.squares(Self.patients))
    func weights(shiftedBy errors: Double) throws -> [Double] {
      let source = ChannelStatistics(
        mean: (0..<2).map { Self.target.mean[$0] - errors * squares[$0].squareRoot() }, variance: [1, 1])
      return try StatisticsBlend.empiricalBayes().sourceWeights(
        source: source, target: .init(Self.target, scans: 11, patients: Self.patients), layer: "bn1")
    }
    for weight in try weights(shiftedBy: 1) { #expect(abs(weight - 0.5) < 1e-9) }
    #expect(try weights(shiftedBy: 0) == [1, 1])
    for weight in try weights(shiftedBy: 100) { #expect(weight < 1.01e-4) }
  }

  @Test("A channel that is the same in all patients and in the source follows the target")
  func constant() throws {
    let same = (0..<3).map { _ in ChannelMoments(count: 4, mean: [2], m2: [0]) }
    let weights = try StatisticsBlend.empiricalBayes().sourceWeights(
      source: ChannelStatistics(mean: [2], variance: [1]),
      target: .init(ChannelStatistics(mean: [2], variance: [0]), scans: 3, patients: same), layer: "bn1")
    #expect(weights == [0])
  }

  @Test("The layer-sequential pass hands each layer its patients, whatever the chunks and the memory", arguments: [(3, 0), (16, 1 << 30)])
  func inThePass(chunkSize: Int, memoryLimit: Int) throws {
    let golden = try GoldenNetwork()
    // Patients of one to five scans.
    let sizes = [1, 1, 1, 1, 1, 2, 2, 3, 3, 3, 4, 4]
    let scans = golden.scans.enumerated().map { index, scan in
      StatisticsImages.Scan(id: scan.id, patient: PatientID("p\(sizes[index])"), contentHash: scan.contentHash)
    }
    var pass = try golden.pass(blend: .empiricalBayes(), memoryLimit: memoryLimit, chunkSize: chunkSize)
    let estimates = try pass.run(over: StatisticsImages(golden.maps, scans: scans))
    var parameters = golden.parameters
    for (layer, estimate) in zip(GoldenNetwork.layers, estimates) {
      // The layer's input under what was stored before it, one scan at a time.
      let producer = golden.graph[layer]!.inputs[0]
      let executor = try Executor(
        graph: golden.graph, parameters: parameters, input: golden.input, purpose: .inference(observing: [producer]))
      let seen = try executor.run(["input": golden.maps]).moments[producer]!
      let patients = [1, 2, 3, 4].map { patient in ChannelMoments.merged(seen.indices.filter { sizes[$0] == patient }.map { seen[$0] })! }
      let expected = try StatisticsBlend.empiricalBayes().blend(
        source: golden.parameters.statistics(of: layer),
        target: .init(ChannelStatistics(ChannelMoments.merged(seen)!)!, scans: 12, patients: patients), layer: layer)
      for channel in 0..<expected.channels {
        #expect(abs(estimate.stored.mean[channel] - expected.mean[channel]) < 1e-5 * max(1, abs(expected.mean[channel])))
        #expect(abs(estimate.stored.variance[channel] / expected.variance[channel] - 1) < 1e-5)
      }
      parameters.setStatistics(estimate.stored, of: layer)
    }
  }

  @Test("One patient has no standard error, and a sentence says so")
  func onePatient() throws {
    let golden = try GoldenNetwork()
    let scans = golden.scans.map { StatisticsImages.Scan(id: $0.id, patient: "only", contentHash: $0.contentHash) }
    var pass = try golden.pass(blend: .empiricalBayes())
    let error = #expect(throws: RecalibrationError.tooFewPatients(layer: "bn1", found: 1)) {
      try pass.run(over: StatisticsImages(golden.maps, scans: scans))
    }
    #expect(error?.description.contains("found scans of 1 patient; expected at least 2") == true)
  }
}
