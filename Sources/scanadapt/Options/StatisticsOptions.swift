import Adaptation
import ArgumentParser
import Normalization

/// How the target's normalization statistics are estimated, and in which layers: the same for every strategy that takes them.
struct StatisticsOptions: ParsableArguments {
  @Flag(help: "Take all layers' statistics in one pass, each layer on batch-normalized input, instead of layer by layer.")
  var onePass = false

  @Option(help: "Scans in a batch of --one-pass; its statistics depend on them.")
  var statisticsBatch = 16

  @Option(help: "At most so many scans, balanced over patients; all unless given.")
  var statisticsScans: Int?

  @Option(help: "For prior-mixed: the scans that the source's statistics are worth.")
  var prior: Double?

  @Option(help: "For alpha-mixed: the source's weight, 0 to 1.")
  var alpha: Double?

  @Option(
    name: .customLong("layers"), parsing: .singleValue,
    help: "Only normalizations whose path matches, such as 'layer1.*': for recalibration and instance norm. May be given several times.")
  var patterns: [String] = []

  func validate() throws {
    if let alpha, !(0...1).contains(alpha) { throw ValidationError("--alpha lies in 0 to 1, not \(alpha)") }
    if let prior, !(prior >= 0 && prior.isFinite) { throw ValidationError("--prior is a number of scans, not \(prior)") }
    if let statisticsScans, statisticsScans < 1 { throw ValidationError("--statistics-scans is at least 1, not \(statisticsScans)") }
    if statisticsBatch < 2 { throw ValidationError("--statistics-batch is at least 2, not \(statisticsBatch)") }
  }

  /// - Throws: `ValidationError` for a setting that none of the strategies has a use for.
  func check(_ strategies: [any AdaptationStrategy]) throws {
    func require(_ isGiven: Bool, _ option: String, _ users: String, _ isUser: (any AdaptationStrategy) -> Bool) throws {
      guard isGiven, !strategies.contains(where: isUser) else { return }
      throw ValidationError("\(option) is for \(users); found \(strategies.map(\.name).joined(separator: ", "))")
    }
    try require(prior != nil, "--prior", "prior-mixed") { $0.name == "prior-mixed" }
    try require(alpha != nil, "--alpha", "alpha-mixed") { $0.name == "alpha-mixed" }
    try require(!patterns.isEmpty, "--layers", "recalibration and instance norm") { $0 is RecalibratedModel || $0 is InstanceNormalized }
  }

  /// The strategy with these settings; one that keeps the source's statistics stays as it is.
  func applied(to strategy: any AdaptationStrategy, seed: UInt64) -> any AdaptationStrategy {
    guard case .target(var recalibration) = strategy.statistics else { return strategy }
    recalibration.seed = seed
    if onePass { recalibration.method = .onePass(batchSize: statisticsBatch) }
    if let statisticsScans { recalibration.statisticsScans = statisticsScans }
    switch recalibration.blend {
    case .prior(_, let variance): if let prior { recalibration.blend = .prior(strength: prior, variance: variance) }
    case .fixed(_, let variance): if let alpha { recalibration.blend = .fixed(sourceWeight: alpha, variance: variance) }
    case .targetOnly, .empiricalBayes: break
    }
    var changed = strategy
    if !patterns.isEmpty {
      if strategy is RecalibratedModel { recalibration.layers = .matching(patterns) }
      if var swapped = strategy as? InstanceNormalized {
        swapped.layers = .matching(patterns)
        changed = swapped
      }
    }
    changed.statistics = .target(recalibration)
    return changed
  }
}
