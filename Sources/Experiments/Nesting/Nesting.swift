import Evaluation

/// What is chosen inside each fold, by cross-validation among its training patients only.
///
/// The strategy, for those that train the learning rate, and with two classes a threshold. Varma and Simon, "Bias in error estimation when using cross-validation for
/// model selection", BMC Bioinformatics 2006: a choice by the scores that are shown makes the chosen one's score too good.
public struct Nesting: Hashable, Codable, Sendable {
  public var innerFolds: Int
  /// Tried for each strategy that trains; empty: its own rate only.
  public var learningRates: [Double]
  /// What each strategy's threshold is chosen for; nil chooses none.
  public var threshold: ThresholdRule?

  public init(innerFolds: Int, learningRates: [Double] = [], threshold: ThresholdRule? = nil) {
    precondition(innerFolds >= 2, "\(innerFolds) inner folds")
    self.innerFolds = innerFolds
    self.learningRates = learningRates
    self.threshold = threshold
  }
}

/// Something that inner folds choose among.
public struct Candidate: Hashable, Codable, Sendable, CustomStringConvertible {
  /// A row's name.
  public var strategy: String
  /// nil: the strategy's own, or nothing of it trains.
  public var learningRate: Double?

  public init(strategy: String, learningRate: Double? = nil) {
    self.strategy = strategy
    self.learningRate = learningRate
  }

  public var description: String { strategy + (learningRate.map { " at learning rate \($0)" } ?? "") }
}
