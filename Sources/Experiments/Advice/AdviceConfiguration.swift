/// Everything about a study of methods over sizes, beside model, cohort and strategies, that decides its measurements.
public struct AdviceConfiguration: Hashable, Codable, Sendable {
  /// Folds, scanners, metrics, bootstrap and rule; its protocol is `withinScanner`.
  public var evaluation: ExperimentConfiguration
  /// Training patients; nil takes the whole and halves of it.
  public var sizes: [Int]?
  /// Nested draws of patients, each with a training seed of its own.
  public var draws: Int
  /// What may be spent.
  public var budget: AdviceBudget

  public init(
    evaluation: ExperimentConfiguration = ExperimentConfiguration(folds: 3), sizes: [Int]? = nil, draws: Int = 3,
    budget: AdviceBudget = AdviceBudget()
  ) {
    precondition(draws >= 1, "\(draws) draws")
    self.evaluation = evaluation
    self.sizes = sizes
    self.draws = draws
    self.budget = budget
  }
}

/// The time and memory that advice may take. It changes what is measured, and no bit of what was.
public struct AdviceBudget: Hashable, Codable, Sendable {
  public var seconds: Double
  public var bytes: Int

  public init(seconds: Double = 1800, bytes: Int = 4 << 30) {
    self.seconds = seconds
    self.bytes = bytes
  }
}
