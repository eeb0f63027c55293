import Graphs
import ModelFiles

/// Every weight trains.
///
/// **Statistics**: batch ones while training, the target's training patients' re-estimated after. **Head**: trained by default.
///
/// Helps with many patients: no bias is left. Hurts with few: `d` parameters' variance, and pretrained features are distorted before
/// the head has settled (a small learning rate and warm-up restrain that). Expensive: about three forward passes a step.
///
/// Yosinski et al. 2014, "How transferable are features in deep neural networks?".
public struct FullFineTuning: AdaptationStrategy {
  public var statistics = StatisticsPolicy.target()
  public var head: HeadPolicy
  /// Where normalizations take their statistics from while training.
  public var trainingSource: NormalizationOperator.Source

  public init(head: HeadPolicy = .train, trainingSource: NormalizationOperator.Source = .batch) {
    self.head = head
    self.trainingSource = trainingSource
  }

  public var name: String { "full" }
  public var summary: String { "every weight" }
  /// Measured on 436 radiographs (PA or AP, 2 patient folds, MobileNetV2 at 128 pixels): AUROC 0.67 at this rate, 0.64 at a tenth of it,
  /// 0.59 for a linear probe.
  public var defaultTraining: TrainingConfiguration { TrainingConfiguration(epochs: 10, learningRate: 1e-3) }

  public func prepare(_ model: inout Model) throws -> TrainablePlan? {
    model = try model.replacingGraph(model.graph.training(from: trainingSource))
    return model.graph.trainablePlan(head: head) { _ in true }
  }
}
