import Engine
import Files

/// One scan's moments at one layer, with the hash of the scan's bytes that fixes its place in the sum.
public struct ScanMoments: Sendable, Hashable, Codable {
  public let contentHash: ContentHash
  public let moments: ChannelMoments

  public init(contentHash: ContentHash, moments: ChannelMoments) {
    self.contentHash = contentHash
    self.moments = moments
  }
}

/// Pooled moments of many scans: exact, in Double, merged in content-hash order, so that any batching, order or sharding of the
/// scans gives the same bits.
///
/// Averaging the variances of batches instead would lose the variance between them: batches are patients or scanners here.
public enum MomentPooling {
  /// All scans' moments as one; nil where there are none. Scans of equal hash have equal moments, so their order can't matter.
  public static func pooled(_ scans: some Sequence<ScanMoments>) -> ChannelMoments? {
    ChannelMoments.merged(scans.sorted { $0.contentHash < $1.contentHash }.map(\.moments))
  }

  /// The same from shards that were taken apart, on other machines or at other times.
  public static func pooled(shards: some Sequence<[ScanMoments]>) -> ChannelMoments? { pooled(shards.flatMap { $0 }) }
}

extension ChannelStatistics {
  /// What a layer stores after seeing these values: mean and unbiased variance. Nil with fewer than two values a channel.
  public init?(_ moments: ChannelMoments) {
    guard let variance = moments.unbiasedVariance else { return nil }
    self.init(mean: moments.mean, variance: variance)
  }
}
