import Graphs
import ModelFiles
import Normalization

/// Gamma and beta of every normalization trained to make the model surer of its own answers on the target's scans, none of which has a
/// label: Tent, with guards.
///
/// `loss = mean of H_i over the scans with H_i < threshold * ln(classes)`, `H_i = -sum_c p_ic ln p_ic`, p the softmax. **Statistics**: the
/// batch's while training, the target's training patients' re-estimated after. **Head**: kept; no label says what a new one should answer.
///
/// Helps where recalibration already helps and answers are mostly right but unsure: sharpening them moves the boundary into the gap between
/// classes (CIFAR-10-C: 43.5 % error as it came, 20.4 with new statistics, 18.6 with Tent). Hurts where the classes' shares moved: under such a
/// shift Tent fell from 18.0 to 2.1 % accuracy; where batches are small; and where answers are wrong, since certainty is smallest for one
/// answer to everything and the loss rewards that. Hence the guards, each of which reports what it saw:
/// - scans above the threshold don't count (EATA's filter, relative to this task's classes: two classes have ln 2 at most);
/// - collapse is looked for after each epoch (`CollapseRule`); then the last good epoch is taken, or the model with new statistics alone;
/// - a shift of the classes' shares (`LabelShiftGuard`) restrains it to the early half of the normalizations or refuses it;
/// - it always starts from the source model, never from an earlier adaptation: what Tent calls episodic is the only way here.
///
/// EATA's weights and its Fisher penalty, and SAR's sharpness step, aren't part of it.
///
/// Wang et al. 2021 (Tent); Niu et al. 2022 (EATA); Niu et al. 2023 (SAR).
public struct EntropyMinimization: AdaptationStrategy {
  public var statistics = StatisticsPolicy.target()
  public var head = HeadPolicy.keep
  public var rule = EntropyRule()
  public var shiftGuard: LabelShiftGuard
  private var reach: GuardedReach?

  public init(_ rule: EntropyRule = EntropyRule(), guard shiftGuard: LabelShiftGuard = LabelShiftGuard()) {
    self.rule = rule
    self.shiftGuard = shiftGuard
  }

  public var name: String { "tent" }
  public var summary: String { "gamma and beta of every normalization, by the entropy of the answers; no labels" }
  public var objective: TrainingObjective { .entropy(rule) }
  public var defaultTraining: TrainingConfiguration {
    TrainingConfiguration(
      epochs: 5, batchSize: 32, optimizer: .init(.adamW(weightDecay: 0)), learningRate: 1e-3, schedule: .init(.constant))
  }
  public static let options = [
    StrategyOption<Self>("threshold", \.rule.threshold, "scans count below this share of ln(classes); 1: all"),
    StrategyOption<Self>("guard", \.shiftGuard.action, "what to do where the classes' shares moved"),
    StrategyOption<Self>("prior", \.shiftGuard.prior, "the classes' shares in the source's training"),
    StrategyOption<Self>("tolerance", \.shiftGuard.tolerance, "the change of a class's share that is put up with"),
    StrategyOption<Self>("collapse", \.rule.collapse.largestShare, "the share of one class that is a collapse"),
  ]

  public func decided(on evidence: TrainingEvidence) throws -> Self {
    guard let reach = try shiftGuard.reach(on: evidence, strategy: name) else { return self }
    var decided = self
    decided.reach = reach
    decided.statistics = try reach.restricted(statistics, in: evidence.model.graph)
    return decided
  }

  public var decision: String? { reach?.sentence }
  public var refusal: String? { reach?.extent == .nowhere ? decision : nil }
  public var restraint: String? { reach?.extent == .earlyHalf ? decision : nil }

  public func prepare(_ model: inout Model) throws -> TrainablePlan? {
    guard head == .keep else { throw StrategyError.keepsHead(strategy: name, head: head) }
    guard model.card.output == .softmax else {
      throw StrategyError.setting(
        strategy: name, option: "output", found: "\(model.card.output)", expected: "one class a scan (softmax): an entropy over classes")
    }
    guard !model.graph.normalizations.isEmpty else { throw StrategyError.noNormalization(strategy: name) }
    let layers = reach?.layers(of: model.graph) ?? Set(model.graph.normalizations.map(\.name))
    let graph = model.graph.training(from: .stored)
    model = try model.replacingGraph(
      graph.mapNormalizations { name, operation in
        var changed = operation
        if layers.contains(name) { changed.trainingSource = .batch }
        return changed
      })
    return model.graph.trainablePlan(head: .keep) { $0.role == .affine && layers.contains($0.id.path) }
  }
}
