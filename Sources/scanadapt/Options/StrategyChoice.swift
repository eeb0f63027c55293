import Adaptation
import ArgumentParser
import Experiments

/// For `--head`.
func headPolicy(_ argument: String) throws -> HeadPolicy {
  guard let policy = HeadPolicy(rawValue: argument) else {
    throw ValidationError(
      "--head is keep, train, new, or extend, which takes settings: extend:rows=imprinted or lda,trains=none or new or all,shrinkage=0 to 1; "
        + "found '\(argument)'")
  }
  return policy
}

/// What `--head` may be, for help.
let headHelp =
  "keep, train, new (for the manifest's labels), or extend (the model's own rows stay, each label it lacks gets one; "
  + "extend:rows=lda,trains=none,shrinkage=0.1); each strategy's own choice unless given."

extension StrategyCatalogue {
  /// A strategy by its specification, with another head policy where one is given.
  static func strategy(specified text: String, head: HeadPolicy?) throws -> any AdaptationStrategy {
    var strategy = try strategy(specified: text)
    if let head { strategy.head = head }
    return strategy
  }

  /// What several `--strategy` ask for: the ladder where there is none, every strategy for `all`. The baseline comes by itself.
  static func asked(_ given: [String]) -> [String] {
    let all = names.filter { $0 != SourceModel().name }
    return given.isEmpty ? ladder : given.flatMap { $0 == "all" ? all : [$0] }
  }

  /// What may be set behind each name, for help.
  static var settings: String {
    "Settings behind a strategy's name (--strategy lora:rank=8):\n" + all.compactMap(\.optionHelp).joined(separator: "\n")
  }

  static var list: String { names.joined(separator: ", ") }
}

extension ExperimentStrategy {
  /// The strategies that several `--strategy` ask for, with the settings given for all of them.
  static func asked(
    _ given: [String], head: HeadPolicy?, statistics: StatisticsOptions, training: TrainingOptions, seed: UInt64?
  ) throws -> [ExperimentStrategy] {
    let chosen = try StrategyCatalogue.asked(given).map { name in
      let strategy = statistics.applied(to: try StrategyCatalogue.strategy(specified: name, head: head), seed: seed ?? 0)
      let resolved = try training.resolved(from: strategy.defaultTraining, seed: seed)
      // Some settings are for those that read labels.
      return ExperimentStrategy(strategy, training: strategy.objective.needsLabels ? resolved : resolved.withoutLabels)
    }
    try statistics.check(chosen.map(\.strategy))
    return chosen
  }
}
