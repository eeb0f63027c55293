import Adaptation

extension ExperimentDesign.Row {
  /// The same with the scored scans' own statistics.
  func transductive() -> Self {
    var entry = entry
    entry.name += "-transductive"
    entry.isTransductive = true
    entry.statistics = "THE SCORED SCANS' OWN (transductive, labels unseen), otherwise as \(self.entry.name)"
    return Self(
      kind: .transductive(of: self.entry.name), strategy: strategy, entry: entry, trains: trains, takesStatistics: takesStatistics)
  }

  /// The same trained with another seed, as `full@1`.
  func seeded(_ number: Int) -> Self {
    var strategy = strategy
    var training = strategy.training ?? strategy.strategy.defaultTraining
    training.seed &+= UInt64(number)
    strategy.training = training
    var entry = entry
    entry.name += "@\(number)"
    return Self(
      kind: .seed(of: self.entry.name, number: number), strategy: strategy, entry: entry, trains: trains, takesStatistics: takesStatistics)
  }

  static func chosenInside(_ baseline: ExperimentStrategy) -> Self {
    Self(
      kind: .chosenInside, strategy: baseline,
      entry: StrategyEntry(
        name: ChosenInside.name, summary: "in each fold whatever did best on inner folds of its training patients",
        statistics: "those of whatever was chosen", head: "of whatever was chosen"),
      trains: false, takesStatistics: false)
  }

  /// At a learning rate that inner folds chose.
  func training(at learningRate: Double?) -> Self {
    guard let learningRate else { return self }
    var strategy = strategy
    var training = strategy.training ?? strategy.strategy.defaultTraining
    training.learningRate = learningRate
    strategy.training = training
    return Self(kind: kind, strategy: strategy, entry: entry, trains: trains, takesStatistics: takesStatistics)
  }

  /// The row whose inner results choose this one's learning rate.
  var baseName: String {
    switch kind {
    case .seed(let name, _), .transductive(let name): name
    case .baseline, .adaptation, .chosenInside: entry.name
    }
  }
}
