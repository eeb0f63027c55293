/// The mean and variance of each channel of one layer, as a normalization uses them.
///
/// Variance is the unbiased one where it was estimated here, whatever the file holds where it was read.
public struct ChannelStatistics: Hashable, Sendable {
  public var mean: [Double]
  public var variance: [Double]

  public init(mean: [Double], variance: [Double]) {
    precondition(mean.count == variance.count, "\(mean.count) means for \(variance.count) variances")
    self.mean = mean
    self.variance = variance
  }

  public var channels: Int { mean.count }

  /// Channels that never varied: a constant input, a dead filter. They normalize by epsilon alone and say nothing about the scanner.
  public var constantChannels: [Int] { variance.indices.filter { variance[$0] == 0 } }
}
