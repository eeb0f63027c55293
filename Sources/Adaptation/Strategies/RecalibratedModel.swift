import Graphs
import ModelFiles
import Normalization

/// New normalization statistics, nothing else: mean and variance of the target's training patients replace the source's, or mix with
/// them.
///
/// `y = gamma (x - mu) / sqrt(var + eps) + beta` with `mu, var = (1 - rho) target + rho source`; rho 0, or `N / (N + n)` for a prior
/// worth N scans, or fixed, or by channel `SE² / (SE² + (mu_t - mu_s)²)` with SE between patients (empirical Bayes). No labels are used
/// where the head is kept. The mixed variance is the published one, or with `variance=momentExact` that of the mixture.
///
/// **Statistics**: the target's training patients', layer-sequential, blended as given. **Head**: kept by default; trained or new, it is
/// trained on features under the recalibrated statistics.
///
/// Helps when gain, offset, blur or noise moved the features' scale: often most of what a scanner does. Hurts on few scans (mix with
/// the prior), and when the classes' shares moved too: the statistics then carry the prevalence. Empirical Bayes needs no number to be
/// chosen: channels that moved less than patients differ stay with the source. It looks at means only, so a channel whose variance alone
/// moved stays there too; and it is undefined for one patient. Where too few scans have a label, a believed shift of the classes' shares
/// (`LabelShiftGuard`) keeps the source's statistics in the late half of the normalizations, or everywhere.
///
/// Li et al. 2016 (AdaBN); Schneider et al. 2020 (the prior); You et al. 2021 (alpha-BN); Efron and Morris 1973 (empirical Bayes).
public struct RecalibratedModel: AdaptationStrategy {
  public var statistics: StatisticsPolicy
  public var head: HeadPolicy
  public var shiftGuard: LabelShiftGuard
  private var reach: GuardedReach?

  public init(_ recalibration: Recalibration = Recalibration(), head: HeadPolicy = .keep, guard shiftGuard: LabelShiftGuard = .init()) {
    statistics = .target(recalibration)
    self.head = head
    self.shiftGuard = shiftGuard
  }

  public init(blend: StatisticsBlend, head: HeadPolicy = .keep, guard shiftGuard: LabelShiftGuard = .init()) {
    self.init(Recalibration(blend: blend), head: head, guard: shiftGuard)
  }

  private var blend: StatisticsBlend {
    if case .target(let recalibration) = statistics { recalibration.blend } else { .targetOnly }
  }

  var mixtureVariance: StatisticsBlend.MixtureVariance {
    get { blend.mixtureVariance }
    set {
      guard case .target(var recalibration) = statistics else { return }
      recalibration.blend.mixtureVariance = newValue
      statistics = .target(recalibration)
    }
  }

  public var name: String {
    switch blend {
    case .targetOnly: "recalibrate"
    case .prior: "prior-mixed"
    case .fixed: "alpha-mixed"
    case .empiricalBayes: "empirical-bayes"
    }
  }

  public var summary: String {
    switch blend {
    case .targetOnly: "normalization statistics of the target's training patients"
    case .prior(let strength, _): "statistics of the target's training patients, mixed with the source's as a prior of \(strength) scans"
    case .fixed(let weight, _): "statistics of the target's training patients, mixed with the source's at weight \(weight)"
    case .empiricalBayes: "statistics of the target's training patients in channels that moved more than patients differ"
    }
  }

  public var defaultTraining: TrainingConfiguration { LinearProbe().defaultTraining }
  public var expectation: RewriteExpectation? { refusal == nil ? .changesOutput : nil }
  public static let options = [
    StrategyOption<Self>("variance", \.mixtureVariance, "how two variances mix", isFor: { $0.blend != .targetOnly }),
    StrategyOption<Self>("guard", \.shiftGuard.action, "without labels, or with too few, what to do where the classes' shares moved"),
    StrategyOption<Self>("prior", \.shiftGuard.prior, "for it, the classes' shares in the source's training"),
    StrategyOption<Self>("tolerance", \.shiftGuard.tolerance, "for it, the change of a class's share that is put up with"),
  ]

  /// With labels the gate, or a cross-validation, sees what a shift does.
  public func decided(on evidence: TrainingEvidence) throws -> Self {
    guard head == .keep, !evidence.hasLabelsToJudgeBy, let reach = try shiftGuard.reach(on: evidence, strategy: name) else { return self }
    var decided = self
    decided.reach = reach
    decided.statistics = try reach.restricted(statistics, in: evidence.model.graph)
    return decided
  }

  public var decision: String? { reach?.sentence }
  public var restraint: String? { reach?.extent == .earlyHalf && statistics != .source ? decision : nil }
  public var refusal: String? {
    guard let reach, statistics == .source else { return nil }
    return reach.extent == .earlyHalf ? "\(reach.sentence); none of the layers asked for is in it" : reach.sentence
  }

  public func prepare(_ model: inout Model) throws -> TrainablePlan? {
    guard !model.graph.recalibratableLayers.isEmpty else { throw StrategyError.noNormalization(strategy: name) }
    model = try model.replacingGraph(model.graph.training(from: .stored))
    return model.graph.trainablePlan(head: head) { _ in false }
  }
}

extension StatisticsBlend.MixtureVariance: StrategyOptionValue {}
