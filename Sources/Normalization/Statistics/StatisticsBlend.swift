import Engine

/// How the target's statistics and the source's stored ones combine in a layer: `(1 - rho) * target + rho * source`.
///
/// With few target scans the estimate is noisy, and the source's statistics serve as a prior worth `strength` scans (Schneider et al.
/// 2020, "Improving robustness against common corruptions by covariate shift adaptation"); alpha-BN fixes the weight (You et al. 2021).
/// Empirical Bayes asks the scans: a channel whose shift is within the noise between patients stays with the source, one that clearly
/// moved follows the target.
public enum StatisticsBlend: Hashable, Sendable, Codable {
  /// The target's statistics alone.
  case targetOnly
  /// `rho = strength / (strength + n)`, n the number of target scans.
  case prior(strength: Double, variance: MixtureVariance = .published)
  /// A fixed weight of the source, in 0…1.
  case fixed(sourceWeight: Double, variance: MixtureVariance = .published)
  /// By channel, `rho = SE² / (SE² + (mu_t - mu_s)²)`, SE the standard error of `mu_t` clustered by patient.
  ///
  /// The posterior weight of a prior at the source's mean whose spread is estimated by the shift itself (Efron and Morris 1973). A channel
  /// that neither moved nor varies between patients follows the target.
  case empiricalBayes(variance: MixtureVariance = .published)

  /// How two variances combine.
  public enum MixtureVariance: String, Hashable, Sendable, Codable, CaseIterable {
    /// `rho * var_s + (1 - rho) * var_t`, as published.
    case published
    /// The variance of the mixture of the two distributions: the published one plus `rho * (1 - rho) * (mu_s - mu_t)^2`.
    case momentExact
  }

  /// What a layer saw of the target's scans.
  package struct Target {
    package let statistics: ChannelStatistics
    package let scans: Int
    /// Each patient's moments, sorted by patient; nil where the blend doesn't ask for them.
    package let patients: [ChannelMoments]?

    package init(_ statistics: ChannelStatistics, scans: Int, patients: [ChannelMoments]? = nil) {
      self.statistics = statistics
      self.scans = scans
      self.patients = patients
    }
  }

  /// The statistics a layer gets.
  /// - Throws: `RecalibrationError.tooFewPatients` where a standard error between patients is needed and there is one patient.
  package func blend(source: ChannelStatistics, target: Target, layer: String) throws(RecalibrationError) -> ChannelStatistics {
    let own = target.statistics
    precondition(source.channels == own.channels, "\(source.channels) source channels, \(own.channels) target channels")
    let weights = try sourceWeights(source: source, target: target, layer: layer)
    var blended = own
    for (channel, rho) in weights.enumerated() where rho > 0 {
      let shift = source.mean[channel] - own.mean[channel]
      blended.mean[channel] = rho * source.mean[channel] + (1 - rho) * own.mean[channel]
      blended.variance[channel] = rho * source.variance[channel] + (1 - rho) * own.variance[channel]
      if mixtureVariance == .momentExact { blended.variance[channel] += rho * (1 - rho) * shift * shift }
    }
    return blended
  }

  /// Each channel's weight of the source.
  package func sourceWeights(source: ChannelStatistics, target: Target, layer: String) throws(RecalibrationError) -> [Double] {
    let channels = target.statistics.channels
    switch self {
    case .targetOnly: return [Double](repeating: 0, count: channels)
    case .prior(let strength, _):
      precondition(strength >= 0, "a prior is worth no fewer than 0 scans: \(strength)")
      let weight = strength == 0 ? 0 : strength / (strength + Double(target.scans))
      return [Double](repeating: weight, count: channels)
    case .fixed(let weight, _):
      precondition((0...1).contains(weight), "a weight lies in 0…1: \(weight)")
      return [Double](repeating: weight, count: channels)
    case .empiricalBayes:
      guard let patients = target.patients else { preconditionFailure("empirical Bayes needs each patient's moments") }
      guard let squares = PatientStandardError.squares(patients) else {
        throw .tooFewPatients(layer: layer, found: patients.count)
      }
      return squares.indices.map { channel in
        let shift = target.statistics.mean[channel] - source.mean[channel]
        let total = squares[channel] + shift * shift
        return total > 0 ? squares[channel] / total : 0
      }
    }
  }

  /// Whether it looks at patients one by one.
  package var asksForPatients: Bool { if case .empiricalBayes = self { true } else { false } }

  public var mixtureVariance: MixtureVariance {
    get {
      switch self {
      case .targetOnly: .published
      case .prior(_, let variance), .fixed(_, let variance), .empiricalBayes(let variance): variance
      }
    }
    set {
      switch self {
      case .targetOnly: break
      case .prior(let strength, _): self = .prior(strength: strength, variance: newValue)
      case .fixed(let weight, _): self = .fixed(sourceWeight: weight, variance: newValue)
      case .empiricalBayes: self = .empiricalBayes(variance: newValue)
      }
    }
  }

  /// As tables and cards say it, behind a comma; nil for the target's alone.
  public var words: String? {
    let exact = mixtureVariance == .momentExact ? " (moment-exact variance)" : ""
    switch self {
    case .targetOnly: return nil
    case .prior(let strength, _): return "the source's as a prior of \(strength) scans\(exact)"
    case .fixed(let weight, _): return "the source's weighing \(weight)\(exact)"
    case .empiricalBayes: return "mixed with the source's channel by channel (empirical Bayes)\(exact)"
    }
  }
}
