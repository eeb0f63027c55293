import Evaluation

/// One row of the table: an adaptation (or the baseline) on the held-out patients.
public struct StrategyResult: Hashable, Codable, Sendable {
  /// Whether there are scores, and if not, why.
  public enum Outcome: Hashable, Codable, Sendable {
    case evaluated
    /// It cannot be done under this protocol or to this network, and was not tried.
    case notApplicable(reason: String)
    /// It was tried and failed in at least one fold.
    case failed(fold: String, reason: String)
  }

  public var name: String
  public var summary: String
  /// Which normalization statistics the scored model held.
  public var statistics: String
  /// keep, train or new.
  public var head: String
  public var isBaseline: Bool
  public var isTransductive: Bool
  public var outcome: Outcome
  /// In the header's order of metrics, over the target scanners; empty unless evaluated.
  public var scores: [StrategyScore]
  /// Over the source scanners' held-out scans, in the header's order; nil where undefined or where there are none.
  public var sourceScores: [Estimate?]
  /// What adapting cost where the model came from: this row less the baseline on the source scanners' held-out scans, in the header's
  /// order; empty for the baseline and without source scanners.
  public var sourceDifferences: [PairedDifference?]
  public var perScanner: [ScannerScore]
  /// On the primary metric; nil for the baseline.
  public var verdict: VerdictWithReason?
  public var trainedParameters: Int?
  /// Of all that could train.
  public var trainedShare: Double?
  /// Of fitting, all folds together; predicting isn't in it.
  public var seconds: Double?
  /// The most memory the process held while fitting, in any fold.
  public var peakBytes: Int?
  public var confusion: ConfusionMatrix?
  public var curves: [LearningCurve]
  public var notes: [String]
  /// The scanner where the primary metric is worst, with an interval that allows for picking it; nil with fewer than two.
  public var worst: WorstGroup?
  /// Of this row's decisions against the baseline's, on the target's scans; nil for the baseline.
  public var mcNemar: PatientMcNemar?
  /// By fold; empty where no inner folds chose any.
  public var thresholds: [DecisionThreshold?]
  public var diagnostics: Diagnostics?

  public init(
    name: String, summary: String, statistics: String, head: String, isBaseline: Bool = false, isTransductive: Bool = false,
    outcome: Outcome = .evaluated, scores: [StrategyScore] = [], sourceScores: [Estimate?] = [], perScanner: [ScannerScore] = [],
    verdict: VerdictWithReason? = nil, trainedParameters: Int? = nil, seconds: Double? = nil, confusion: ConfusionMatrix? = nil,
    curves: [LearningCurve] = [], notes: [String] = [], sourceDifferences: [PairedDifference?] = [], worst: WorstGroup? = nil,
    mcNemar: PatientMcNemar? = nil, thresholds: [DecisionThreshold?] = [], diagnostics: Diagnostics? = nil
  ) {
    self.name = name
    self.summary = summary
    self.statistics = statistics
    self.head = head
    self.isBaseline = isBaseline
    self.isTransductive = isTransductive
    self.outcome = outcome
    self.scores = scores
    self.sourceScores = sourceScores
    self.perScanner = perScanner
    self.verdict = verdict
    self.trainedParameters = trainedParameters
    self.seconds = seconds
    self.confusion = confusion
    self.curves = curves
    self.notes = notes
    self.sourceDifferences = sourceDifferences
    self.worst = worst
    self.mcNemar = mcNemar
    self.thresholds = thresholds
    self.diagnostics = diagnostics
  }

  /// On the primary metric.
  public var primary: StrategyScore? { scores.first }
}

/// A metric of one strategy over the target's held-out scans.
public struct StrategyScore: Hashable, Codable, Sendable {
  public var metric: Metric
  /// Over folds, put together as the metric's `aggregation` says; nil where undefined.
  public var test: Estimate?
  /// Why there is no value.
  public var undefined: UndefinedMetric?
  /// Fold by fold, in the order of the folds; nil where undefined.
  public var byFold: [Double?]
  /// Over all folds' predictions thrown together, which compares scores of different models.
  public var pooled: Double?
  /// Mean over folds of the same metric on training scans.
  public var train: Double?
  /// Against the baseline, on the same held-out patients; nil for the baseline and where undefined.
  public var difference: PairedDifference?
  /// The corrected resampled t test on the folds' differences.
  public var foldComparison: FoldComparison?
  /// The difference's p value corrected for all adaptations compared, by Holm.
  public var holm: Double?
  /// And by Benjamini and Hochberg.
  public var benjaminiHochberg: Double?
  /// Over trainings with other seeds in the same folds; nil with one.
  public var overSeeds: SeedVariance?
  /// Over repetitions, each with other folds and random numbers; nil with one.
  public var overRepetitions: SeedVariance?

  public init(
    metric: Metric, test: Estimate?, undefined: UndefinedMetric? = nil, byFold: [Double?] = [], pooled: Double? = nil,
    train: Double? = nil, difference: PairedDifference? = nil, foldComparison: FoldComparison? = nil
  ) {
    self.metric = metric
    self.test = test
    self.undefined = undefined
    self.byFold = byFold
    self.pooled = pooled
    self.train = train
    self.difference = difference
    self.foldComparison = foldComparison
  }

  /// Training less test score: what is lost on patients that weren't fitted on.
  public var gap: Double? {
    guard let train, let test else { return nil }
    return train - test.value
  }
}

/// The primary metric of one strategy on one scanner.
public struct ScannerScore: Hashable, Codable, Sendable {
  public var scanner: String
  /// nil where the metric is undefined, as an AUROC is where only one class occurs.
  public var estimate: Estimate?
  public var difference: PairedDifference?

  public init(scanner: String, estimate: Estimate?, difference: PairedDifference? = nil) {
    self.scanner = scanner
    self.estimate = estimate
    self.difference = difference
  }
}

/// What plots of one strategy are drawn from, binned already: its size doesn't grow with the scans.
public struct Diagnostics: Hashable, Codable, Sendable {
  /// ROC and precision-recall, of class 1 or of every class against the others.
  public var rankingCurves: [RankingCurve]
  /// Of confidence, and with two classes of class 1's probability; equal width and equal mass.
  public var reliability: [ReliabilityCurve]
  /// Two classes only.
  public var calibration: CalibrationFit?
}

/// Losses by epoch in one fold.
public struct LearningCurve: Hashable, Codable, Sendable {
  /// One epoch; a loss is nil where it isn't finite or wasn't measured.
  public struct Point: Hashable, Codable, Sendable {
    public var epoch: Int
    public var trainingLoss: Double?
    public var validationLoss: Double?

    public init(epoch: Int, trainingLoss: Double?, validationLoss: Double?) {
      self.epoch = epoch
      self.trainingLoss = trainingLoss
      self.validationLoss = validationLoss
    }
  }

  public var fold: String
  public var points: [Point]
  /// The epoch whose weights were taken.
  public var chosenEpoch: Int?

  public init(fold: String, points: [Point], chosenEpoch: Int? = nil) {
    self.fold = fold
    self.points = points
    self.chosenEpoch = chosenEpoch
  }
}
