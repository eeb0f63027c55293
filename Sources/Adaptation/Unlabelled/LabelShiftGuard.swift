import Evaluation
import Graphs
import ModelFiles
import Normalization

/// Asks whether the classes' shares moved between the source's patients and the target's, before anything adapts to them without labels.
///
/// Deep normalizations carry the classes and their shares: where the shares moved, new statistics and gamma, beta trained on unlabelled
/// scans absorb that as if it were the scanner's doing (under such a shift Tent fell from 18.0 to 2.1 % accuracy). Early ones carry
/// intensity and texture. So the shares are estimated (`LabelShiftEstimate`, EM) from the answers of the source model with the target's
/// statistics in the early half of its normalizations: repaired where a scanner shows, untouched where classes do. They moved where some
/// class's 95 % interval by patient leaves out its share in the source's training and the estimate is further from it than `tolerance`.
public struct LabelShiftGuard: Hashable, Sendable, Codable {
  public enum Action: String, Hashable, Sendable, Codable, CaseIterable, StrategyOptionValue {
    /// Only the early half of the normalizations is adapted.
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

  /// Nil where nothing is asked.
  func finding(on evidence: TrainingEvidence, strategy: String) throws -> LabelShiftFinding? {
    guard action != .off else { return nil }
    let labels = evidence.model.card.labels
    guard prior.values.isEmpty || prior.values.count == labels.count else {
      throw StrategyOptionError(
        strategy: strategy, reason: .value("prior", found: prior.optionText, expected: "\(labels.count) shares, one for each class"))
    }
    let early = evidence.model.graph.earlyNormalizations
    let policy: StatisticsPolicy = early.isEmpty ? .source : .target(Recalibration(layers: .matching(early)))
    var model = evidence.model
    try StatisticsEstimation(
      policy: policy, prior: model.parameters, records: evidence.records, scans: evidence.scans, budget: evidence.budget
    ).estimate(&model)
    let records = evidence.scans.readable(evidence.records).sorted { $0.id < $1.id }
    let answers = try evidence.scans.answers(of: model, to: records, budget: evidence.budget)
    return LabelShiftEstimate.byExpectationMaximization(
      answers, prior: prior.values.isEmpty ? nil : prior.values, seed: evidence.training.seed
    ).map { LabelShiftFinding(estimate: $0, labels: labels, tolerance: tolerance) }
  }
}

/// What the guard found.
struct LabelShiftFinding {
  let estimate: LabelShiftEstimate
  let labels: [String]
  let tolerance: Double

  /// Of the classes beyond interval and tolerance, the one with most scans; nil where none is.
  private var moved: Int? {
    guard let intervals = estimate.intervals else { return nil }
    return estimate.shares.indices.filter { label in
      abs(estimate.shares[label] - estimate.prior[label]) > tolerance
        && !(intervals[label].lower...intervals[label].upper).contains(estimate.prior[label])
    }.max { estimate.shares[$0] < estimate.shares[$1] }
  }

  /// A shift that can't be excluded, with one patient, counts.
  var hasMoved: Bool { moved != nil || estimate.intervals == nil }

  var sentence: String {
    guard let intervals = estimate.intervals else { return "the classes' shares can't be estimated from one patient" }
    let label = moved ?? estimate.shares.indices.max { estimate.shares[$0] < estimate.shares[$1] } ?? 0
    return "'\(labels[label])' is estimated at \(percent(estimate.shares[label])) (\(percent(intervals[label].lower)) to "
      + "\(percent(intervals[label].upper))) of the scans, \(percent(estimate.prior[label])) in the source's training"
      + (moved == nil ? ": not beyond interval and tolerance" : "")
  }
}

/// The classes' shares in index order; none stands for equal ones.
public struct ClassShares: Hashable, Sendable, Codable, StrategyOptionValue {
  public let values: [Double]

  public static let equal = ClassShares(values: [])

  private init(values: [Double]) { self.values = values }

  public static var optionForm: String { "equal, or shares that sum to 1, in index order with + between, such as 0.3+0.7" }
  public init?(optionText: String) {
    guard optionText != "equal" else {
      self = .equal
      return
    }
    let values = optionText.split(separator: "+", omittingEmptySubsequences: false).map { Double($0) ?? .nan }
    guard values.allSatisfy({ $0 > 0 && $0 < 1 }), abs(values.reduce(0, +) - 1) < 1e-3 else { return nil }
    self.init(values: values)
  }
  public var optionText: String { values.isEmpty ? "equal" : values.map { "\($0)" }.joined(separator: "+") }
}

extension Graph {
  /// The first half, by depth, of the normalizations whose stored statistics are used at inference: where a scanner shows, and classes
  /// don't yet.
  var earlyNormalizations: [String] { Array(recalibratableLayers.prefix(recalibratableLayers.count / 2)) }
}
