import Graphs
import ModelFiles

/// Gamma and beta of every normalization, and the target's statistics; all convolutions stay.
///
/// Under 1 % of the parameters, yet a scale and shift per channel at every depth. **Statistics**: batch ones while training, the
/// target's training patients' re-estimated after (each layer's input has moved). **Head**: kept by default.
///
/// Helps with some dozens of patients, and where the domain is mostly a matter of contrast and texture strength: a random network with
/// only these trained reaches 82 % on CIFAR-10. Hurts with tiny batches (batch statistics are noise; train from stored ones then) and
/// where new shapes must be learnt.
///
/// Frankle, Schwab and Morcos 2021, "Training BatchNorm and only BatchNorm".
public struct NormalizationOnly: AdaptationStrategy {
  public var statistics = StatisticsPolicy.target()
  public var head: HeadPolicy
  /// Where normalizations take their statistics from while training.
  public var trainingSource: NormalizationOperator.Source

  public init(head: HeadPolicy = .keep, trainingSource: NormalizationOperator.Source = .batch) {
    self.head = head
    self.trainingSource = trainingSource
  }

  public var name: String { "bn-only" }
  public var summary: String { "gamma and beta of every normalization" }
  public var defaultTraining: TrainingConfiguration { TrainingConfiguration(epochs: 20, learningRate: 1e-3) }

  public func prepare(_ model: inout Model) throws -> TrainablePlan? {
    guard !model.graph.normalizations.isEmpty else { throw StrategyError.noNormalization(strategy: name) }
    model = try model.replacingGraph(model.graph.training(from: trainingSource))
    return model.graph.trainablePlan(head: head) { $0.role == .affine }
  }
}
