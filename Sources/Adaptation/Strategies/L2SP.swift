import Graphs
import ModelFiles

/// Every weight trains, held back by a spring to where it started.
///
/// `loss + lambda/2 ||w - w0||^2` over all that was pretrained, biases and normalizations' gamma and beta among it; a new head has no
/// starting point and decays to 0 as usual. Weight decay forgets what was pretrained at its own pace; this forgets only what the labels ask
/// for. `--l2-sp` sets lambda, here and for any other strategy; how it meets the optimizer says `Optimizer.startingPointPenalty`.
/// **Statistics**: batch ones while training, the target's training patients' re-estimated after. **Head**: trained by default.
///
/// Helps where full fine-tuning overfits and the source task is near: between a probe and full fine-tuning by one number. Hurts where the
/// target is far from the source: the spring holds back what has to move; and lambda is one more thing to choose.
///
/// Li, Grandvalet and Davoine 2018, "Explicit inductive bias for transfer learning with convolutional networks".
public struct L2SP: AdaptationStrategy {
  public var statistics = StatisticsPolicy.target()
  public var head: HeadPolicy
  /// Where normalizations take their statistics from while training.
  public var trainingSource: NormalizationOperator.Source
  private var penalty: Double?

  public init(head: HeadPolicy = .train, trainingSource: NormalizationOperator.Source = .batch) {
    self.head = head
    self.trainingSource = trainingSource
  }

  public var name: String { "l2-sp" }
  public var summary: String { "every weight, pulled to where it started" }
  public var defaultTraining: TrainingConfiguration {
    var training = FullFineTuning().defaultTraining
    training.optimizer.startingPointPenalty = 5
    return training
  }
  public static let options = [StrategyOption<Self>("source", \.trainingSource, "statistics while training")]

  /// - Throws: `StrategyError.setting` where the training has no penalty: it would be `full` under another name.
  public func decided(on evidence: TrainingEvidence) throws -> Self {
    guard let penalty = evidence.training.optimizer.startingPointPenalty else {
      throw StrategyError.setting(strategy: name, option: "startingPointPenalty", found: "none", expected: "a positive number (--l2-sp)")
    }
    var decided = self
    decided.penalty = penalty
    return decided
  }

  public var decision: String? { penalty.map { "lambda \($0)" } }

  public func prepare(_ model: inout Model) throws -> TrainablePlan? {
    model = try model.replacingGraph(model.graph.training(from: trainingSource))
    return model.graph.trainablePlan(head: head) { _ in true }
  }
}
