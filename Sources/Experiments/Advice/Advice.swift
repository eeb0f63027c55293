import Adaptation
import Evaluation

/// Which method to use and why: `advice.json`. Measured at several numbers of patients, or, where `isMeasured` is false, by rules of thumb.
public struct Advice: Hashable, Codable, Sendable {
  public static let formatVersion = 2

  public var format = Advice.formatVersion
  /// False: nothing was fitted, and every sentence says so.
  public var isMeasured: Bool
  public var header: AdviceHeader
  public var verdict: AdviceVerdict
  /// In the order of recommendation; empty where nothing was measured.
  public var ranks: [AdviceRank] = []
  /// What would make another answer right.
  public var changes: [String] = []
  public var curves: [DataCurve] = []
  /// Of neighbours in the order of change, and of the linear probe with full fine-tuning.
  public var crossings: [Crossing] = []
  public var gains: [ExpectedGain] = []
  /// By strategy and size.
  public var spreads: [StrategySpread] = []
  public var sanityLine: SanityLine?
  public var mismatches: [MismatchSummary] = []
  public var transferability: [FeatureScore] = []
  public var notMeasured: [UnmeasuredStrategy] = []
  public var cuts: [AdviceCut] = []
  public var findings: [Finding] = []
  /// The command that fits what is recommended on all patients; nil where nothing is, or the model stays as it is.
  public var command: String?
  /// `--quick`: what was looked up, and where it comes from.
  public var rules: [AppliedRule] = []

  /// Patients that somebody was asked about: fewer than the cohort's where the time was over before every fold was measured.
  public var testedPatients: Int { curves.first?.patients ?? header.patients }
}

/// What was studied, on whom, and what it took.
public struct AdviceHeader: Hashable, Codable, Sendable {
  public var model: String
  public var architecture: String
  public var preprocessing: String
  public var classes: [String]
  public var targetScanners: [String]
  public var sourceScanners: [String]
  public var patientIdentity: String
  public var baseline: String
  /// The source model answers as it came: its error is the same at any number of patients.
  public var sourceIsAsItCame: Bool
  public var sourcePatients: String
  /// Labelled patients of the target scanners, and by class in index order.
  public var patients: Int
  public var patientsPerClass: [Int]
  public var scans: Int
  /// What learning curves and ranks are of; nil where nothing was measured.
  public var error: ErrorMeasure?
  /// Training patients.
  public var sizes: [Int]
  /// Those that were measured.
  public var folds: Int
  public var draws: Int
  public var fits: Int
  public var seed: UInt64
  public var level: Double
  /// An error smaller by no more than this isn't worth a change.
  public var margin: Double
  public var budget: AdviceBudget
  public var secondsUsed: Double?
}

/// The answer in a word and a sentence.
public struct AdviceVerdict: Hashable, Codable, Sendable {
  public enum Kind: String, Hashable, Codable, Sendable {
    /// Adapt with `strategy`.
    case adapt
    /// Leave the source model as it is.
    case leaveAlone = "leave alone"
    /// Too few patients to tell.
    case cannotTell = "cannot tell"
  }

  public var kind: Kind
  /// Recommended, or the safe one where it can't be told: the least change.
  public var strategy: String
  public var sentence: String
}

/// One strategy's place, and the evidence for it. Errors are at the largest number of training patients that was measured.
public struct AdviceRank: Hashable, Codable, Sendable {
  public var strategy: String
  public var summary: String
  /// From 1; strategies that can't be told from the best of their group share it.
  public var place: Int
  public var size: Int
  public var error: Double
  public var interval: Interval
  /// Other metrics of the same predictions, such as AUROC.
  public var scores: [Estimate]
  /// The share of resampled patients and subsets in which it errs least.
  public var shareBest: Double
  /// Its error minus that of the best of its group; nil for that one itself.
  public var fromBest: SizeDifference?
  /// Its error minus the source model's; nil for the source model.
  public var fromSource: SizeDifference?
  /// On the difference from the source model.
  public var verdict: Verdict?
  public var statistics: String
  public var head: String
  public var trainedParameters: Int
  public var trainedShare: Double
  /// Median of a fit at this size; nil without a clock.
  public var seconds: Double?
  /// The largest of any of its fits.
  public var peakBytes: Int?
  public var isRecommended: Bool
  /// What decided its place.
  public var because: String
}

/// Bias and variance of a strategy over training subsets of one size.
public struct StrategySpread: Hashable, Codable, Sendable {
  public var strategy: String
  public var size: Int
  public var parts: BiasVariance
}

/// The linear-Gaussian model nearest to two measured curves: a line to check the crossing by, and no evidence.
public struct SanityLine: Hashable, Codable, Sendable {
  public var simpler: String
  public var richer: String
  /// k, d, B² and s².
  public var model: LinearGaussian
  public var crossing: Double?
  public var sentence: String
}

/// A score of features without fitting a network: side information that ranks and doesn't predict.
public struct FeatureScore: Hashable, Codable, Sendable {
  public var features: String
  public var logME: Double
  /// From 0 to the number of classes less one; nil with no more scans than features, where any labels would get the highest.
  public var hScore: Double?
  /// Through the model's own classes; nil for other features than its own.
  public var leep: Double?
}

public struct UnmeasuredStrategy: Hashable, Codable, Sendable {
  public var strategy: String
  public var reason: String
}
