import Graphs
import ModelFiles

/// The head first, on frozen features; then every weight, from the head that was found.
///
/// A head that starts at random, or for other scans, sends large gradients through features that were good: full fine-tuning moves them
/// before the head has settled. After a linear probe the gradients begin small, and the features move only as far as the probe's remaining
/// error asks. **Statistics**: the target's training patients', stored ones while the head is fitted (nothing
/// below it moves, the features are kept, and the phase costs almost nothing); batch ones in the second phase, re-estimated after.
/// **Head**: trained, or new.
///
/// Helps where full fine-tuning does and the head is new, and on scanners unlike those trained on: the paper's gain over full fine-tuning
/// was 10 points out of distribution, 1 in it. Hurts where the probe has nothing to say (the second phase then starts from noise with
/// fewer epochs), and with few patients, where the probe alone has less variance.
///
/// Kumar, Raghunathan, Jones, Ma and Liang 2022, "Fine-tuning can distort pretrained features and underperform out-of-distribution".
public struct LPFT: AdaptationStrategy {
  public var statistics = StatisticsPolicy.target()
  public var head: HeadPolicy
  /// The probe's share of the epochs.
  public var probeShare: Double
  /// The probe's learning rate over the second phase's: a head on kept features stands a larger one.
  public var probeRate: Double
  /// Where normalizations take their statistics from in the second phase.
  public var trainingSource: NormalizationOperator.Source

  public init(
    head: HeadPolicy = .train, probeShare: Double = 0.5, probeRate: Double = 10, trainingSource: NormalizationOperator.Source = .batch
  ) {
    self.head = head
    self.probeShare = probeShare
    self.probeRate = probeRate
    self.trainingSource = trainingSource
  }

  public var name: String { "lp-ft" }
  public var summary: String { "the head on frozen features, then every weight" }
  public var defaultTraining: TrainingConfiguration { TrainingConfiguration(epochs: 20, learningRate: 1e-3) }
  public static let options = [
    StrategyOption<Self>("probe", \.probeShare, "the probe's share of the epochs"),
    StrategyOption<Self>("probe-rate", \.probeRate, "the probe's learning rate over the second phase's"),
    StrategyOption<Self>("source", \.trainingSource, "statistics while every weight trains"),
  ]

  public func prepare(_ model: inout Model) throws -> TrainablePlan? {
    guard head.trains else { throw StrategyError.nothingTrains(strategy: name, head: head) }
    guard !model.graph.headParameters.isEmpty else { throw StrategyError.noHead(strategy: name) }
    guard probeShare > 0, probeShare < 1 else {
      throw StrategyError.setting(strategy: name, option: "probe", found: "\(probeShare)", expected: "a share between 0 and 1")
    }
    guard probeRate > 0 else {
      throw StrategyError.setting(strategy: name, option: "probe-rate", found: "\(probeRate)", expected: "a positive number")
    }
    model = try model.replacingGraph(model.graph.training(from: trainingSource))
    return model.graph.trainablePlan(head: head) { _ in true }
  }

  public func phases(of model: Model, training plan: TrainablePlan) throws -> [TrainingPhase] {
    let probe = model.graph.trainablePlan(head: head) { _ in false }!
    return [
      TrainingPhase("head", probe, share: probeShare, learningRateFactor: probeRate, trainingSource: .stored),
      TrainingPhase("everything", plan, share: 1 - probeShare),
    ]
  }
}
