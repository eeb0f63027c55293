/// Count, mean and sum of squared deviations (M2) of each channel: what statistics are made of, mergeable without loss.
///
/// Taken per image and merged in an order that depends on the data alone, so that batching and threads change no bit. Padding lanes
/// are outside. In Double.
public struct ChannelMoments: Sendable, Hashable, Codable {
  /// The number of values in each channel: pixels, over all images merged so far.
  public private(set) var count: Double
  public private(set) var mean: [Double]
  public private(set) var m2: [Double]

  public init(count: Double, mean: [Double], m2: [Double]) {
    precondition(mean.count == m2.count, "\(mean.count) means beside \(m2.count) sums of squares")
    self.count = count
    self.mean = mean
    self.m2 = m2
  }

  /// Nothing seen yet.
  public init(channels: Int) {
    self.init(count: 0, mean: [Double](repeating: 0, count: channels), m2: [Double](repeating: 0, count: channels))
  }

  public var channels: Int { mean.count }

  /// Adds another set of values: `d = mean_b - mean_a`, `mean = mean_a + d n_b / n`, `M2 = M2_a + M2_b + d² n_a n_b / n`.
  ///
  /// Chan, Golub, LeVeque 1979.
  public mutating func merge(_ other: ChannelMoments) {
    precondition(other.channels == channels, "moments of \(other.channels) channels merged into \(channels)")
    guard other.count > 0 else { return }
    let total = count + other.count
    let share = other.count / total
    for channel in mean.indices {
      let difference = other.mean[channel] - mean[channel]
      mean[channel] += difference * share
      m2[channel] += other.m2[channel] + difference * difference * count * share
    }
    count = total
  }

  public func merging(_ other: ChannelMoments) -> ChannelMoments {
    var result = self
    result.merge(other)
    return result
  }

  /// All of `moments` merged in their order; nil where there are none.
  public static func merged(_ moments: some Sequence<ChannelMoments>) -> ChannelMoments? {
    var iterator = moments.makeIterator()
    guard var result = iterator.next() else { return nil }
    while let next = iterator.next() { result.merge(next) }
    return result
  }

  /// M2 / count: what normalizes a batch.
  public var biasedVariance: [Double] { m2.map { $0 / count } }

  /// M2 / (count - 1): what PyTorch stores as `running_var`. Nil with fewer than two values, where it is undefined.
  public var unbiasedVariance: [Double]? { count > 1 ? m2.map { $0 / (count - 1) } : nil }
}
