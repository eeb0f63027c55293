import Foundation

/// How far apart a channel's distribution is under two scanners, each taken as a Gaussian.
///
/// Every measure uses variance + epsilon, the layer's own epsilon, so that a channel that never varies stays finite.
public enum MismatchMeasure: String, Hashable, Sendable, Codable, CaseIterable {
  /// `KL(s||t) + KL(t||s)`, Jeffreys' divergence; `KL(i||j) = ln(sd_j/sd_i) + (var_i + (mu_i - mu_j)^2) / (2 var_j) - 1/2`.
  case symmetricKL
  /// `W2^2 = (mu_s - mu_t)^2 + (sd_s - sd_t)^2`, in the units of the feature, squared.
  case wassersteinSquared
  /// `(mu_t - mu_s) / sd_s`, signed.
  case standardizedMeanShift
  /// `ln(var_t / var_s)`, signed.
  case logVarianceRatio

  /// The measure for one channel, from source `s` to target `t`.
  public func value(
    sourceMean: Double, sourceVariance: Double, targetMean: Double, targetVariance: Double, epsilon: Double
  ) -> Double {
    let source = sourceVariance + epsilon
    let target = targetVariance + epsilon
    let shift = targetMean - sourceMean
    switch self {
    case .symmetricKL:
      // The logarithms of the two directions cancel.
      return (source + shift * shift) / (2 * target) + (target + shift * shift) / (2 * source) - 1
    case .wassersteinSquared:
      let spread = source.squareRoot() - target.squareRoot()
      return shift * shift + spread * spread
    case .standardizedMeanShift: return shift / source.squareRoot()
    case .logVarianceRatio: return log(target / source)
    }
  }

  /// Each channel's value.
  public func values(source: ChannelStatistics, target: ChannelStatistics, epsilon: Double) -> [Double] {
    precondition(source.channels == target.channels, "\(source.channels) source channels, \(target.channels) target channels")
    return source.mean.indices.map {
      value(
        sourceMean: source.mean[$0], sourceVariance: source.variance[$0], targetMean: target.mean[$0],
        targetVariance: target.variance[$0], epsilon: epsilon)
    }
  }
}
