import Graphs
import ModelFiles

/// The head alone, on frozen features: logistic regression on what the network already sees.
///
/// **Statistics**: the target's training patients', estimated once, since nothing below a normalization moves; stored ones are used
/// while training. **Head**: trained, or new. The backbone runs once for all epochs unless augmentation precedes it.
///
/// Helps with few patients: k + 1 numbers per class have little variance. Hurts when the features lack what the target needs; more
/// patients then don't help (the bias stays), full fine-tuning does.
///
/// Kumar et al. 2022, "Fine-tuning can distort pretrained features and underperform out-of-distribution".
public struct LinearProbe: AdaptationStrategy {
  public var statistics: StatisticsPolicy
  public var head: HeadPolicy

  public init(head: HeadPolicy = .train, statistics: StatisticsPolicy = .target()) {
    self.head = head
    self.statistics = statistics
  }

  public var name: String { "linear-probe" }
  public var summary: String { "the head trained on frozen features" }
  public var defaultTraining: TrainingConfiguration { TrainingConfiguration(epochs: 50, learningRate: 1e-2) }

  public func prepare(_ model: inout Model) throws -> TrainablePlan? {
    guard head.trains else { throw StrategyError.nothingTrains(strategy: name, head: head) }
    guard !model.graph.headParameters.isEmpty else { throw StrategyError.noHead(strategy: name) }
    model = try model.replacingGraph(model.graph.training(from: .stored))
    return model.graph.trainablePlan(head: head) { _ in false }
  }
}
