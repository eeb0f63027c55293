/// How the target's statistics and the source's stored ones combine in a layer: `(1 - rho) * target + rho * source`.
///
/// With few target scans the estimate is noisy, and the source's statistics serve as a prior worth `strength` scans (Schneider et al.
/// 2020, "Improving robustness against common corruptions by covariate shift adaptation"); alpha-BN fixes the weight (You et al. 2021).
public enum StatisticsBlend: Hashable, Sendable, Codable {
  /// The target's statistics alone.
  case targetOnly
  /// `rho = strength / (strength + n)`, n the number of target scans.
  case prior(strength: Double, variance: MixtureVariance = .published)
  /// A fixed weight of the source, in 0…1.
  case fixed(sourceWeight: Double, variance: MixtureVariance = .published)

  /// How two variances combine.
  public enum MixtureVariance: String, Hashable, Sendable, Codable {
    /// `rho * var_s + (1 - rho) * var_t`, as published.
    case published
    /// The variance of the mixture of the two distributions: the published one plus `rho * (1 - rho) * (mu_s - mu_t)^2`.
    case momentExact
  }

  /// The source's weight after `scans` target scans.
  public func sourceWeight(scans: Int) -> Double {
    switch self {
    case .targetOnly: return 0
    case .prior(let strength, _):
      precondition(strength >= 0, "a prior is worth no fewer than 0 scans: \(strength)")
      return strength == 0 ? 0 : strength / (strength + Double(scans))
    case .fixed(let weight, _):
      precondition((0...1).contains(weight), "a weight lies in 0…1: \(weight)")
      return weight
    }
  }

  /// The statistics a layer gets.
  public func blend(source: ChannelStatistics, target: ChannelStatistics, scans: Int) -> ChannelStatistics {
    precondition(source.channels == target.channels, "\(source.channels) source channels, \(target.channels) target channels")
    let rho = sourceWeight(scans: scans)
    guard rho > 0 else { return target }
    var blended = target
    for channel in target.mean.indices {
      let shift = source.mean[channel] - target.mean[channel]
      blended.mean[channel] = rho * source.mean[channel] + (1 - rho) * target.mean[channel]
      blended.variance[channel] = rho * source.variance[channel] + (1 - rho) * target.variance[channel]
      if mixtureVariance == .momentExact { blended.variance[channel] += rho * (1 - rho) * shift * shift }
    }
    return blended
  }

  private var mixtureVariance: MixtureVariance {
    switch self {
    case .targetOnly: .published
    case .prior(_, let variance), .fixed(_, let variance): variance
    }
  }
}
