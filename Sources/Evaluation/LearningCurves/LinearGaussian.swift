/// The linear-Gaussian model in which linear probing and fine-tuning have closed forms: least squares with the first k of d standard normal
/// features, or with all.
///
/// The features left out carry signal of energy B², the noise has variance s². Excess errors over the noise, expected over training sets of n:
/// `E_LP(n) = B² + (s² + B²) k/(n-k-1)` and `E_FT(n) = s² d/(n-d-1)`; they cross at `n* = d + 1 + (d-k) s²/B²`. (Breiman and Freedman, "How many
/// variables should be entered in a regression equation?", JASA 1983.) A sanity line beside measured curves: networks aren't linear.
public struct LinearGaussian: Hashable, Codable, Sendable {
  /// k, features of the probe.
  public let probeFeatures: Double
  /// d, features of the whole.
  public let features: Double
  /// B², the signal that the probe can't see.
  public let omittedSignal: Double
  /// s².
  public let noise: Double

  public init(probeFeatures: Double, features: Double, omittedSignal: Double, noise: Double) {
    precondition(probeFeatures >= 0 && features >= probeFeatures, "k = \(probeFeatures) of d = \(features)")
    precondition(omittedSignal >= 0 && noise >= 0, "B² = \(omittedSignal), s² = \(noise)")
    self.probeFeatures = probeFeatures
    self.features = features
    self.omittedSignal = omittedSignal
    self.noise = noise
  }

  /// n*; `nil` where nothing is omitted: then the probe is never worse.
  public var crossing: Double? {
    omittedSignal > 0 ? features + 1 + (features - probeFeatures) * noise / omittedSignal : nil
  }
}
