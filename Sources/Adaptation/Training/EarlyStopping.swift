/// When training ends before its last epoch: after `patience` epochs in which the validation patients' measure didn't get better.
///
/// The weights of the best epoch are what training returns. In a training of several phases each ends by itself after `patience` epochs
/// without a gain over the best epoch of all so far, and hands that epoch's weights on to the next.
public struct EarlyStopping: Hashable, Sendable, Codable {
  /// What is watched on the validation patients.
  public enum Measure: String, Hashable, Sendable, Codable, CaseIterable {
    case validationLoss
    /// Undefined, and then an error before the first step, where the validation patients have one class.
    case validationAUROC

    var isBetterWhenLower: Bool { self == .validationLoss }
  }

  public var measure: Measure
  public var patience: Int
  /// A change smaller than this isn't a gain.
  public var minimumGain: Double

  public init(on measure: Measure = .validationLoss, patience: Int = 5, minimumGain: Double = 0) {
    precondition(patience >= 1, "patience is at least one epoch: \(patience)")
    self.measure = measure
    self.patience = patience
    self.minimumGain = minimumGain
  }
}

/// What early stopping has seen so far: part of a checkpoint.
struct EarlyStoppingProgress: Hashable, Sendable, Codable {
  private(set) var bestValue: Double?
  private(set) var bestEpoch: Int?
  private(set) var epochsWithoutGain = 0

  /// Takes in one epoch's measure and says whether it is the best so far.
  mutating func observe(_ value: Double, epoch: Int, rule: EarlyStopping) -> Bool {
    if let best = bestValue {
      let gain = rule.measure.isBetterWhenLower ? best - value : value - best
      guard gain > rule.minimumGain else {
        epochsWithoutGain += 1
        return false
      }
    }
    (bestValue, bestEpoch, epochsWithoutGain) = (value, epoch, 0)
    return true
  }

  /// The best stays what has to be beaten; the patience begins anew.
  mutating func beginPhase() { epochsWithoutGain = 0 }

  func isExhausted(under rule: EarlyStopping) -> Bool { epochsWithoutGain >= rule.patience }
}
