import Normalization

/// The strategies by name, as `--strategy` takes them.
public enum StrategyCatalogue {
  /// Every strategy with its defaults, from the one that changes least to the one that changes most.
  public static let all: [any AdaptationStrategy] = [
    SourceModel(), RecalibratedModel(), RecalibratedModel(blend: .prior(strength: 16)),
    RecalibratedModel(blend: .fixed(sourceWeight: 0.5)), RecalibratedModel(blend: .empiricalBayes()), InstanceNormalized(),
    InstanceNormalized(trainsAffine: true),
    LinearProbe(), BiasOnly(), EntropyMinimization(), NormalizationOnly(), LowRankAdaptation(), SeriesAdapter(), ParallelAdapter(),
    LastBlock(), RelativeGradientNorm(), GradualUnfreezing(), Discriminative(), L2SP(), LPFT(), DomainSpecific(), FullFineTuning(),
  ]

  /// A few of them, each a step further than the one before: what is compared where nothing else is asked for.
  public static let ladder = ["recalibrate", "linear-probe", "bn-only", "lora", "last-block", "full"]

  public static var names: [String] { all.map(\.name) }

  /// - Throws: `StrategyError.unknown` with the names there are.
  public static func strategy(named name: String) throws(StrategyError) -> any AdaptationStrategy {
    guard let found = all.first(where: { $0.name == name }) else { throw .unknown(name: name, known: names) }
    return found
  }
}
