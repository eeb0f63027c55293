import Graphs
import ModelFiles

/// Every weight, the later the faster: each stage trains at `decay` times the rate of the one after it.
///
/// `rate_l = rate * decay^depth`, depth 0 for the head, 1 for the last stage, and so on down to the stem: frozen and trained are the ends
/// of one scale. **Statistics**: batch ones while training, the target's training patients' re-estimated after. **Head**: trained.
///
/// Helps where full fine-tuning moves early features further than so few patients justify, at its cost in time. Hurts where the shift is
/// in the input (noise, contrast): that needs the early layers; and a small decay over many blocks freezes them without saying so.
///
/// Howard and Ruder 2018, "Universal language model fine-tuning for text classification", who divide by 2.6.
public struct Discriminative: AdaptationStrategy {
  public var statistics = StatisticsPolicy.target()
  public var head: HeadPolicy
  public var decay: Double
  public var unit: BackbonePart.Unit
  /// Where normalizations take their statistics from while training.
  public var trainingSource: NormalizationOperator.Source

  public init(
    decay: Double = 0.4, by unit: BackbonePart.Unit = .stage, head: HeadPolicy = .train,
    trainingSource: NormalizationOperator.Source = .batch
  ) {
    self.decay = decay
    self.unit = unit
    self.head = head
    self.trainingSource = trainingSource
  }

  public var name: String { "discriminative" }
  public var summary: String { "every weight, each \(unit) at \(decay) times the rate of the next" }
  public var defaultTraining: TrainingConfiguration { TrainingConfiguration(epochs: 10, learningRate: 1e-3) }
  public static let options = [
    StrategyOption<Self>("decay", \.decay, "the factor on the learning rate from one to the one before it"),
    StrategyOption<Self>("by", \.unit, "what trains at one rate"),
    StrategyOption<Self>("source", \.trainingSource, "statistics while training"),
  ]

  public func prepare(_ model: inout Model) throws -> TrainablePlan? {
    guard decay > 0, decay <= 1 else {
      throw StrategyError.setting(strategy: name, option: "decay", found: "\(decay)", expected: "a factor above 0, at most 1")
    }
    model = try model.replacingGraph(model.graph.training(from: trainingSource))
    var plan = model.graph.trainablePlan(head: head) { _ in true }
    plan?.learningRateFactors = model.graph.learningRateFactors(decay: decay, by: unit)
    return plan
  }
}

extension Graph {
  /// `decay^depth` for each parameter below the head; depth 1 is the last part.
  func learningRateFactors(decay: Double, by unit: BackbonePart.Unit) -> [ParameterID: Float] {
    var factors: [ParameterID: Float] = [:]
    var factor = 1.0
    for part in backboneParts(by: unit).reversed() {
      factor *= decay
      for id in part.parameters { factors[id] = Float(factor) }
    }
    return factors
  }
}
