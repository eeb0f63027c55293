import Foundation

/// A learning curve `error(n) = floor + scale * n^-rate` over n training patients.
///
/// The usual shape of measured learning curves: Cortes et al., "Learning curves: asymptotic values and rate of convergence", NIPS 1993;
/// Viering and Loog, "The shape of learning curves: a review", IEEE TPAMI 2023, who also show curves it doesn't fit.
public struct PowerLaw: Hashable, Codable, Sendable {
  /// Whether the floor could be fitted.
  public enum Form: String, Hashable, Codable, Sendable {
    /// Four sizes or more.
    case withFloor = "floor_and_power"
    /// Two or three sizes: three numbers can't be told from them, so the floor is taken as 0, and the curve falls too far beyond the data.
    case withoutFloor = "power_only"

    public var sentence: String {
      switch self {
      case .withFloor: "error(n) = c + a n^-b"
      case .withoutFloor: "error(n) = a n^-b: fewer than four sizes can't show a floor"
      }
    }
  }

  /// `c >= 0`: the error that no number of patients takes away.
  public let floor: Double
  /// `a >= 0`. Where it is 0 the curve is flat and `rate` means nothing.
  public let scale: Double
  /// `b`, within `rates`.
  public let rate: Double
  public let form: Form

  /// What b may be: a slower fall can't be told from a straight line in log n, a faster one is noise at the smallest size.
  public static let rates: ClosedRange<Double> = 0.1...3

  public init(floor: Double, scale: Double, rate: Double, form: Form = .withFloor) {
    self.floor = floor
    self.scale = scale
    self.rate = rate
    self.form = form
  }

  /// - Parameter size: training patients, above 0.
  public func error(at size: Double) -> Double { floor + scale * pow(size, -rate) }

  /// The weighted least-squares fit; `nil` with fewer than two different sizes.
  ///
  /// - Parameters:
  ///   - sizes: training patients, above 0.
  ///   - errors: one for each size.
  ///   - weights: one for each size, such as one over the variance; equal where absent.
  public init?(sizes: [Double], errors: [Double], weights: [Double]? = nil) {
    guard let fit = PowerLawFit(sizes: sizes, weights: weights) else { return nil }
    self = fit.curve(through: errors)
  }
}
