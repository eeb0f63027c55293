/// A scanner as the chain from tissue signal to stored samples:
/// blur, vignetting, `gain * signal^gamma + offset`, noise, clamping to 0…1, rounding to the bit depth.
public struct ScannerModel: Codable, Hashable, Sendable {
  public enum Noise: Codable, Hashable, Sendable {
    case gaussian(deviation: Double)
    /// The magnitude of a complex signal with Gaussian noise in both parts, as in magnitude MR images: it lifts the dark.
    case rician(deviation: Double)
  }

  public let name: String
  public let gain: Double
  public let offset: Double
  public let gamma: Double
  /// Standard deviation of a Gaussian, in pixels of a 64-pixel image (it scales with the image).
  public let blur: Double
  public let noise: Noise
  /// The fraction of signal lost at the image's corners; it grows with the squared distance from the centre.
  public let vignetting: Double
  /// 8 or 16.
  public let bitDepth: Int

  public init(
    name: String, gain: Double = 1, offset: Double = 0, gamma: Double = 1, blur: Double = 0, noise: Noise = .gaussian(deviation: 0),
    vignetting: Double = 0, bitDepth: Int = 8
  ) {
    self.name = name
    self.gain = gain
    self.offset = offset
    self.gamma = gamma
    self.blur = blur
    self.noise = noise
    self.vignetting = vignetting
    self.bitDepth = bitDepth
  }

  /// The reference scanner.
  public static let alpha = ScannerModel(name: "alpha", gain: 1.2, blur: 0.4, noise: .gaussian(deviation: 0.02))
  /// Flat, bright and grainy, 16 bits: a clear shift from `alpha`, though everything is still there to see.
  public static let beta = ScannerModel(
    name: "beta", gain: 0.6, offset: 0.25, gamma: 0.8, blur: 0.4, noise: .rician(deviation: 0.011), vignetting: 0.15, bitDepth: 16)
  /// Dark and steep.
  public static let gamma = ScannerModel(
    name: "gamma", gain: 1.1, offset: 0.02, gamma: 1.7, blur: 0.4, noise: .gaussian(deviation: 0.015), vignetting: 0.1)
  /// Soft and vignetted.
  public static let delta = ScannerModel(
    name: "delta", gain: 0.9, offset: 0.1, blur: 0.6, noise: .rician(deviation: 0.015), vignetting: 0.3, bitDepth: 16)
  /// `alpha` after a service: so near it that adapting has nothing to gain.
  public static let epsilon = ScannerModel(name: "epsilon", gain: 1.18, offset: 0.005, blur: 0.42, noise: .gaussian(deviation: 0.021))

  public static let named: [ScannerModel] = [.alpha, .beta, .gamma, .delta, .epsilon]

  /// The named scanner, or nil.
  public init?(named name: String) {
    guard let model = ScannerModel.named.first(where: { $0.name == name }) else { return nil }
    self = model
  }
}
