import Evaluation

/// Everything about a cross-validation, beside model, cohort and strategies, that decides its result.
public struct ExperimentConfiguration: Hashable, Codable, Sendable {
  public var protocolName: EvaluationProtocol
  /// The scanners that are scored; empty takes all that aren't sources.
  public var targetScanners: [String]
  /// Scanners the model comes from: scored beside the target and not fitted on. Except: under protocols without target labels, a head that
  /// doesn't know the classes is fitted there; and `unseenScanner` fits on every scanner but the one that is scored.
  public var sourceScanners: [String]
  /// Folds of a cross-validation; leave-one-scanner-out has as many as scanners.
  public var folds: Int
  public var repetitions: Int
  public var seed: UInt64
  /// The first is what verdicts are about. Empty: AUROC with two classes, else balanced accuracy. All others are computed too.
  public var metrics: [Metric]
  /// What a number counts. Thresholds of inner folds are chosen on scans whatever it is.
  public var unit: EvaluationUnit
  /// What the tables show beside the first metric.
  public var tabulated: TabulatedMetrics
  public var bootstrap: PatientBootstrap
  public var rule: VerdictRule
  /// Training scans, drawn at random in each fold, that the training score is taken of; 0 takes none.
  public var trainingScoreScans: Int
  /// Classes of a new head in index order; nil takes the cohort's labels in alphabetical order.
  public var newHeadLabels: [String]?
  /// Shuffle labels over whole patients first: a self-test.
  public var permutesLabels: Bool
  /// How patients are divided; `unseenScanner` leaves scanners out instead.
  public var division: FoldDivision
  /// Chooses inside the training patients of each fold; nil chooses nothing.
  public var nesting: Nesting?
  /// Trainings of each strategy with seeds of their own, in the same folds; with permuted labels, as many permutations.
  public var seeds: Int
  /// Beside each adaptation that takes statistics only, the same with the statistics of the scored scans.
  public var comparesTransductive: Bool
  /// Fit a linear probe on what a file is like (size, mean, border, scanner) in the same folds.
  public var probesShortcuts: Bool

  public init(
    protocolName: EvaluationProtocol = .withinScanner, targetScanners: [String] = [], sourceScanners: [String] = [], folds: Int = 5,
    repetitions: Int = 1, seed: UInt64 = 0, metrics: [Metric] = [], unit: EvaluationUnit = .scan, tabulated: TabulatedMetrics = .none,
    bootstrap: PatientBootstrap? = nil, rule: VerdictRule = VerdictRule(),
    trainingScoreScans: Int = 200, newHeadLabels: [String]? = nil, permutesLabels: Bool = false,
    division: FoldDivision = .patients, nesting: Nesting? = nil, seeds: Int = 1, comparesTransductive: Bool = false,
    probesShortcuts: Bool = false
  ) {
    self.protocolName = protocolName
    self.targetScanners = targetScanners
    self.sourceScanners = sourceScanners
    self.folds = folds
    self.repetitions = repetitions
    self.seed = seed
    self.metrics = metrics
    self.unit = unit
    self.tabulated = tabulated
    self.bootstrap = bootstrap ?? PatientBootstrap(seed: seed)
    self.rule = rule
    self.trainingScoreScans = trainingScoreScans
    self.newHeadLabels = newHeadLabels
    self.permutesLabels = permutesLabels
    self.division = division
    self.nesting = nesting
    self.seeds = seeds
    self.comparesTransductive = comparesTransductive
    self.probesShortcuts = probesShortcuts
  }

  /// The metrics of a task with this many classes: those asked for first, then all others, which cost nothing more.
  func metrics(classCount: Int) -> [Metric] {
    metrics + Metric.standard(classCount: classCount).filter { !metrics.contains($0) }
  }
}
