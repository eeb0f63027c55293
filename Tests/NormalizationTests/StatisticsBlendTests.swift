import Engine
import Normalization
import Testing

@Suite("Blending source and target statistics")
struct StatisticsBlendTests {
  let source = ChannelStatistics(mean: [1, -2], variance: [4, 0.5])
  let target = ChannelStatistics(mean: [3, -2], variance: [1, 2])

  private func blended(_ blend: StatisticsBlend, scans: Int, patients: [ChannelMoments]? = nil) throws -> ChannelStatistics {
    try blend.blend(source: source, target: .init(target, scans: scans, patients: patients), layer: "bn1")
  }

  @Test("A prior worth 16 scans weighs 0.2 beside 64 target scans, as published")
  func prior() throws {
    let blended = try blended(.prior(strength: 16), scans: 64)
    // 0.2 * 1 + 0.8 * 3; 0.2 * 4 + 0.8 * 1
    #expect(abs(blended.mean[0] - 2.6) < 1e-12 && abs(blended.variance[0] - 1.6) < 1e-12)
    #expect(abs(blended.mean[1] + 2) < 1e-12 && abs(blended.variance[1] - 1.7) < 1e-12)
  }

  @Test("The moment-exact variance is that of the two samples thrown together")
  func momentExact() throws {
    // Two samples with exactly these moments, the source's counted once and the target's three times: weight 1/4.
    let sample: [Double] = [-1, 3] + [2, 4, 2, 4, 2, 4]
    let mean = sample.reduce(0, +) / 8
    let variance: Double = sample.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / 8
    let blended = try blended(.fixed(sourceWeight: 0.25, variance: .momentExact), scans: 7)
    #expect(abs(blended.mean[0] - mean) < 1e-12)
    #expect(abs(blended.variance[0] - variance) < 1e-12)
  }

  @Test("Weight 0 is the target, weight 1 is the source")
  func ends() throws {
    #expect(try blended(.targetOnly, scans: 1) == target)
    #expect(try blended(.fixed(sourceWeight: 0), scans: 1) == target)
    #expect(try blended(.fixed(sourceWeight: 1), scans: 1) == source)
    #expect(try blended(.prior(strength: 0), scans: 1) == target)
  }
}
