/// How much a strategy's error is expected to fall when more patients are labelled, from its fitted curve.
public struct ExpectedGain: Hashable, Codable, Sendable {
  public let strategy: String
  /// Training patients now.
  public let size: Int
  public let additional: Int
  public let now: PredictedError
  public let later: PredictedError
  /// Error now minus error later, both from the fitted curve.
  public let gain: Double
  /// Of the same in every refit.
  public let interval: Interval

  /// The later size lies above twice the largest measured: a guess that the curve keeps its shape.
  public var isFarBeyondData: Bool { later.isFarBeyondData }
}

extension ResampledCurves {
  /// - Parameters:
  ///   - additional: patients to label on top of `size`; the same number of scans a patient is assumed.
  ///   - size: training patients now.
  /// - Returns: `nil` where the strategy has no fitted curve, for instance with one size.
  public func gain(of strategy: String, adding additional: Int, to size: Int) -> ExpectedGain? {
    precondition(additional > 0 && size > 0, "\(additional) patients on top of \(size)")
    guard let now = prediction(of: strategy, at: size), let later = prediction(of: strategy, at: size + additional) else { return nil }
    let gains = refits[index(strategy)].map { $0.error(at: Double(size)) - $0.error(at: Double(size + additional)) }
    return ExpectedGain(
      strategy: strategy, size: size, additional: additional, now: now, later: later, gain: now.error - later.error,
      interval: interval(gains))
  }
}
