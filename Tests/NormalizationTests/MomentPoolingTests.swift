import Engine
import Files
import Normalization
import RandomStreams
import Testing

@Suite("Pooling of moments")
struct MomentPoolingTests {
  /// Moments by the definition: two passes over the values.
  static func bruteForce(_ values: [Double]) -> ChannelMoments {
    let mean = values.reduce(0, +) / Double(values.count)
    return ChannelMoments(count: Double(values.count), mean: [mean], m2: [values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +)])
  }

  @Test("Batches with means 0, 2, -1, 3 pool to variance 2.97 where the mean of their variances is 0.51")
  func documentedExample() throws {
    // Thirteen values a batch with unbiased variance 0.51: (4 * 12 * 0.51 + 13 * (1 + 1 + 4 + 4)) / 52 = 2.97.
    let batches = [0.0, 2, -1, 3].map { ChannelMoments(count: 13, mean: [$0], m2: [12 * 0.51]) }
    let pooled = try #require(
      MomentPooling.pooled(batches.enumerated().map { ScanMoments(contentHash: ContentHash(of: "\($0)"), moments: $1) }))
    #expect(abs(pooled.biasedVariance[0] - 2.97) < 0.005)
    #expect(abs(pooled.mean[0] - 1) < 1e-15)
    let averaged = batches.map { $0.unbiasedVariance![0] }.reduce(0, +) / 4
    #expect(abs(averaged - 0.51) < 1e-15)
  }

  @Test("Shards in any order give the same bits, and the brute-force moments to 1e-12")
  func anySharding() throws {
    var stream = RandomStream(seed: 2, purpose: "pooling")
    let values = (0..<40).map { _ in (0..<Int.random(in: 1...90, using: &stream)).map { _ in 100 + 3 * stream.normal() } }
    let scans = values.map { values in ScanMoments(contentHash: ContentHash(of: "\(stream.next())"), moments: Self.bruteForce(values)) }
    let expected = try #require(MomentPooling.pooled(scans))
    let whole = Self.bruteForce(values.flatMap { $0 })
    #expect(abs(expected.mean[0] / whole.mean[0] - 1) < 1e-12)
    #expect(abs(expected.m2[0] / whole.m2[0] - 1) < 1e-12)
    for _ in 0..<20 {
      let shuffled = scans.shuffled(using: &stream)
      let cut = Int.random(in: 0...shuffled.count, using: &stream)
      #expect(MomentPooling.pooled(shards: [Array(shuffled[cut...]), [], Array(shuffled[..<cut])]) == expected)
    }
  }

  @Test("A single value has no unbiased variance, and nothing has no moments")
  func undefined() {
    #expect(ChannelStatistics(ChannelMoments(count: 1, mean: [3], m2: [0])) == nil)
    #expect(MomentPooling.pooled([ScanMoments]()) == nil)
  }
}
