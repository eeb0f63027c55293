import Adaptation

/// A strategy to be compared, and how it trains.
public struct ExperimentStrategy: Sendable {
  public var strategy: any AdaptationStrategy
  /// nil: the strategy's default.
  public var training: TrainingConfiguration?
  /// The share of training patients set aside where early stopping is asked for.
  public var validationFraction: Double

  public init(_ strategy: any AdaptationStrategy, training: TrainingConfiguration? = nil, validationFraction: Double = 0.2) {
    self.strategy = strategy
    self.training = training
    self.validationFraction = validationFraction
  }

  public var name: String { strategy.specification }

  func withHead(_ policy: HeadPolicy) -> ExperimentStrategy {
    var changed = self
    changed.strategy.head = policy
    return changed
  }
}
