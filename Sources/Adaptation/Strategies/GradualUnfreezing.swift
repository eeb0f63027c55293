import Graphs
import ModelFiles

/// From the head downwards: the head alone, then one part of the backbone more in each phase, until every weight trains.
///
/// The last features settle before the ones they are made of move, so that a random head's gradients never reach the early ones. The
/// backbone's stages (or blocks) are shared out over the phases, the last first; each phase trains all that earlier ones did and its own.
/// **Statistics**: the target's training patients'; in each phase stored ones below what trains, so that the frozen layers run once for
/// its epochs, and batch ones above; re-estimated after. **Head**: trained by default; kept, the first phase is the last stage's.
///
/// Helps as LP-FT does, of which it is the finer form, and early phases cost little. Hurts where the first layers are what must change:
/// they get the fewest epochs; and each phase's warm-up and new optimizer take steps from short trainings.
///
/// Howard and Ruder 2018, "Universal language model fine-tuning for text classification", who add discriminative rates (`decay=0.4`).
public struct GradualUnfreezing: AdaptationStrategy {
  public var statistics = StatisticsPolicy.target()
  public var head: HeadPolicy
  /// At most so many; fewer where the backbone has fewer parts.
  public var phaseCount: Int
  public var unit: BackbonePart.Unit
  /// The factor on the learning rate from one part to the one before it; 1 trains all at the same.
  public var decay: Double
  /// Where normalizations that train, or read what trains, take their statistics from.
  public var trainingSource: NormalizationOperator.Source

  public init(
    phases: Int = 5, by unit: BackbonePart.Unit = .stage, decay: Double = 1, head: HeadPolicy = .train,
    trainingSource: NormalizationOperator.Source = .batch
  ) {
    phaseCount = phases
    self.unit = unit
    self.decay = decay
    self.head = head
    self.trainingSource = trainingSource
  }

  public var name: String { "gradual-unfreezing" }
  public var summary: String { "the head, then one \(unit) more in each phase, to every weight" }
  public var defaultTraining: TrainingConfiguration { TrainingConfiguration(epochs: 20, learningRate: 1e-3) }
  public static let options = [
    StrategyOption<Self>("phases", \.phaseCount, "how many at most, the head's among them"),
    StrategyOption<Self>("by", \.unit, "what is shared out over the phases"),
    StrategyOption<Self>("decay", \.decay, "the factor on the learning rate from one to the one before it"),
    StrategyOption<Self>("source", \.trainingSource, "statistics of what moves while training"),
  ]

  public func prepare(_ model: inout Model) throws -> TrainablePlan? {
    guard phaseCount >= 2 else {
      throw StrategyError.setting(strategy: name, option: "phases", found: "\(phaseCount)", expected: "2 or more")
    }
    guard decay > 0, decay <= 1 else {
      throw StrategyError.setting(strategy: name, option: "decay", found: "\(decay)", expected: "a factor above 0, at most 1")
    }
    model = try model.replacingGraph(model.graph.training(from: trainingSource))
    return plan(in: model.graph, training: nil)
  }

  public func phases(of model: Model, training plan: TrainablePlan) throws -> [TrainingPhase] {
    let parts = model.graph.backboneParts(by: unit)
    var phases: [TrainingPhase] = []
    if let head = self.plan(in: model.graph, training: []) { phases.append(TrainingPhase("head", head, trainingSource: trainingSource)) }
    // As even as can be; the lowest get the larger shares.
    let groups = min(phaseCount - 1, parts.count)
    for group in 1...max(groups, 1) where groups > 0 {
      let lowest = parts.count - parts.count * group / groups
      let trained = Set(parts[lowest...].flatMap(\.parameters))
      phases.append(
        TrainingPhase("from \(parts[lowest].name)", self.plan(in: model.graph, training: trained)!, trainingSource: trainingSource))
    }
    return phases
  }

  /// The head, and of the backbone what is named; all where nil.
  private func plan(in graph: Graph, training backbone: Set<ParameterID>?) -> TrainablePlan? {
    var plan = graph.trainablePlan(head: head) { backbone?.contains($0.id) ?? true }
    if decay < 1 { plan?.learningRateFactors = graph.learningRateFactors(decay: decay, by: unit) }
    return plan
  }
}
