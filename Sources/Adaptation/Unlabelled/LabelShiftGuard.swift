import Cohorts
import Evaluation
import Graphs
import ModelFiles
import Normalization

/// Asks whether the classes' shares moved between the source's patients and the target's, before anything adapts to them without labels.
///
/// Deep normalizations carry the classes and their shares: where the shares moved, new statistics and gamma, beta trained on unlabelled
/// scans absorb that as if it were the scanner's doing (under such a shift Tent fell from 18.0 to 2.1 % accuracy). Early ones carry
/// intensity and texture. The shares are estimated (`LabelShiftEstimate`, EM) from three models' answers, and `LabelShiftFinding` weighs
/// them: the source model's as it came, which a scanner may have broken; with the target's statistics in the early half of its
/// normalizations, which repairs most of a scanner and absorbs some of a shift; and with them in all, which repairs it and absorbs half.
///
/// The gate judges what comes of it and asks again, by itself, of the adapted model's answers; this shapes what is fitted, gate or not.
public struct LabelShiftGuard: Hashable, Sendable, Codable {
  public enum Action: String, Hashable, Sendable, Codable, CaseIterable, StrategyOptionValue {
    /// Only the early half of the normalizations is adapted; nothing is where no other scanner shows, since then there is nothing to repair.
    case restrain
    /// Nothing is adapted.
    case refuse
    /// Nothing is asked.
    case off
  }

  public var action: Action
  /// The change of a class's share that is put up with, whatever its interval.
  public var tolerance: Double
  /// The classes' shares in the source's training.
  public var prior: ClassShares

  public init(_ action: Action = .restrain, tolerance: Double = 0.15, prior: ClassShares = .equal) {
    self.action = action
    self.tolerance = tolerance
    self.prior = prior
  }

  /// Scans looked at, at most; of more, some of every patient.
  private static let limit = 512

  /// How far an adaptation of the normalizations may reach; nil where nothing is asked, or can be of findings.
  func reach(on evidence: TrainingEvidence, strategy: String) throws -> GuardedReach? {
    guard action != .off, evidence.model.card.output == .softmax else { return nil }
    let model = evidence.model
    let labels = model.card.labels
    guard prior.values.isEmpty || prior.values.count == labels.count else {
      throw StrategyOptionError(
        strategy: strategy, reason: .value("prior", found: prior.optionText, expected: "\(labels.count) shares, one for each class"))
    }
    let readable = evidence.scans.readable(evidence.records).sorted { $0.id < $1.id }
    let records = readable.patientBalanced(Self.limit, seed: evidence.training.seed)
    func estimate(of model: Model) throws -> LabelShiftEstimate? {
      .byExpectationMaximization(
        try evidence.scans.answers(of: model, to: records, budget: evidence.budget), prior: prior.values.isEmpty ? nil : prior.values,
        seed: evidence.training.seed)
    }
    func recalibrated(_ layers: LayerSelector) throws -> Model {
      var changed = model
      try StatisticsEstimation(
        policy: .target(Recalibration(layers: layers)), prior: model.parameters, records: records, scans: evidence.scans,
        budget: evidence.budget
      ).estimate(&changed)
      return changed
    }
    let layers = model.graph.recalibratableLayers
    let early = model.graph.earlyNormalizations
    let whole = try recalibrated(.all)
    guard let source = try estimate(of: model),
      let repaired = try estimate(of: early.isEmpty ? model : recalibrated(.matching(early))), let absorbed = try estimate(of: whole)
    else { return nil }
    let finding = LabelShiftFinding(
      source: source, early: repaired, whole: absorbed, scannerMismatch: layers.first.map { model.mismatch(of: $0, from: whole) } ?? 0,
      labels: labels, tolerance: tolerance)
    return GuardedReach(finding, action, early: early)
  }
}

extension Graph {
  /// The first half, by depth, of the normalizations whose stored statistics are used at inference: where a scanner shows, and classes
  /// don't yet.
  var earlyNormalizations: [String] { Array(recalibratableLayers.prefix(recalibratableLayers.count / 2)) }
}
