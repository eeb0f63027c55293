import Graphs
import ModelFiles
import Normalization

/// One way of making a network fit a scanner: a rewrite of the model, the statistics it uses, and what trains.
///
/// A value: copying one with another setting is another strategy. What happens to it is always the same: the head is grafted if the
/// policy is `.new`, `decided` makes choices that need a look at the scans, `prepare` rewrites the model, the statistics are estimated as
/// `statistics` says, what `prepare` returned is trained in the strategy's phases, the statistics are re-estimated where weights below
/// them moved, `finalize` folds away what was added. `AdaptationRun` does these steps.
public protocol AdaptationStrategy: Sendable, Hashable, Codable {
  /// As on the command line and in tables: `linear-probe`.
  var name: String { get }
  /// One line for tables and help.
  var summary: String { get }
  /// Stated by each strategy; where it is the target's, how it is estimated may be set.
  var statistics: StatisticsPolicy { get set }
  var head: HeadPolicy { get set }
  /// Sensible training for this strategy; also used by an untrained one whose head trains.
  var defaultTraining: TrainingConfiguration { get }
  /// What training makes small; by default the loss against labels.
  var objective: TrainingObjective { get }
  /// What is promised of the rewrite before anything trains; nil where nothing is rewritten. Checked on real scans.
  var expectation: RewriteExpectation? { get }

  /// What may be set behind the name (`lora:rank=8`), one line each; empty where nothing can.
  static var options: [StrategyOption<Self>] { get }

  /// The strategy with its data-dependent choices made: channels by their variance between scans, layers by their gradients.
  ///
  /// `prepare` also takes an undecided strategy, and then changes all that it might.
  func decided(on evidence: TrainingEvidence) throws -> Self
  /// What `decided` chose, as reports say it; nil where there was nothing to choose.
  var decision: String? { get }
  /// Why `decided` leaves the source model as it is; nil where it doesn't. Then nothing is adapted, and nothing is put in place.
  var refusal: String? { get }
  /// Why `decided` leaves layers out that were asked for; nil where it doesn't.
  var restraint: String? { get }

  /// Rewrites the model and says what trains; nil where nothing does.
  ///
  /// A normalization's `trainingSource` is set here. `updatesStored` is nil while training: statistics are estimated, not averaged
  /// along the way.
  /// - Throws: `StrategyError` where the strategy can do nothing with this model.
  func prepare(_ model: inout Model) throws -> TrainablePlan?

  /// The phases in which `plan`, what `prepare` returned, is trained: one with all of it unless the strategy says otherwise. No phase
  /// trains what the plan doesn't name.
  func phases(of model: Model, training plan: TrainablePlan) throws -> [TrainingPhase]

  /// What is kept for each scanner apart, where the strategy adapts to several at once; nil where one model serves all.
  var perScanner: PerScannerNormalization? { get }

  /// Folds back what `prepare` added (LoRA, adapters) and names the layers it went into; none where nothing is to be folded.
  func finalize(_ model: inout Model) throws -> [String]
}

extension AdaptationStrategy {
  public var expectation: RewriteExpectation? { nil }
  public static var options: [StrategyOption<Self>] { [] }
  public func decided(on evidence: TrainingEvidence) throws -> Self { self }
  public var decision: String? { nil }
  public func phases(of model: Model, training plan: TrainablePlan) throws -> [TrainingPhase] { [TrainingPhase("training", plan)] }
  public var perScanner: PerScannerNormalization? { nil }
  public var objective: TrainingObjective { .labels }
  public var refusal: String? { nil }
  public var restraint: String? { nil }
  public func finalize(_ model: inout Model) throws -> [String] { [] }
}

/// Why a strategy can't be applied to a model.
public enum StrategyError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Its only trained part is the head, and the policy keeps that.
  case nothingTrains(strategy: String, head: HeadPolicy)
  /// It has no use for another head than the source's.
  case keepsHead(strategy: String, head: HeadPolicy)
  /// It is about normalizations with stored statistics, and there are none.
  case noNormalization(strategy: String)
  /// The network has none of what it trains.
  case nothingToTrain(strategy: String, sought: String)
  /// The graph doesn't say where the head starts.
  case noHead(strategy: String)
  case unknown(name: String, known: [String])
  /// An option whose value is of the right form and out of range, or doesn't fit the model.
  case setting(strategy: String, option: String, found: String, expected: String)

  public var description: String {
    switch self {
    case .nothingTrains(let strategy, let head):
      "\(strategy) with the head policy '\(head.rawValue)' would train nothing; expected 'train' or 'new'"
    case .keepsHead(let strategy, let head):
      "\(strategy) reads no labels and keeps the source's head; found the head policy '\(head.rawValue)', expected 'keep'"
    case .noNormalization(let strategy): "\(strategy) needs normalization layers with stored statistics; found none in this network"
    case .nothingToTrain(let strategy, let sought): "\(strategy) trains \(sought); found none in this network"
    case .noHead(let strategy): "\(strategy) trains the head; this network doesn't say where its features end"
    case .setting(let strategy, let option, let found, let expected): "found \(option)=\(found) for \(strategy); expected \(expected)"
    case .unknown(let name, let known): "found strategy '\(name)'; expected one of \(known.joined(separator: ", "))"
    }
  }
}
