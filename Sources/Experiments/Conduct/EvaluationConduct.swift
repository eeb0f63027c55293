import Adaptation
import Evaluation

/// How an evaluation was carried out: what a reader needs to judge its numbers, and a methods section to describe them.
public struct EvaluationConduct: Hashable, Codable, Sendable {
  /// How the best of several may be read.
  public enum Selection: Hashable, Codable, Sendable {
    /// One adaptation was compared; nothing was selected.
    case none
    /// Whoever takes the best row chose it by the scores that are shown, so its score is too good.
    case optimistic(best: String, of: Int)
    /// The row `chosen-inside` was chosen without the scored patients.
    case inside(innerFolds: Int, of: Int)
  }

  /// How a strategy trained; nil where nothing of it trains.
  public struct Method: Hashable, Codable, Sendable {
    public var strategy: String
    public var training: TrainingConfiguration?
    public var validationFraction: Double?
  }

  public var programVersion: String
  public var instructionSet: String
  /// SHA-256 of everything that decides the folds' bits.
  public var identity: String
  /// How patients were divided, in words.
  public var division: String
  public var foldsPlanned: Int
  public var selection: Selection
  public var nesting: Nesting?
  /// Fold by fold; empty without nesting.
  public var choices: [InnerChoice]
  /// What the thresholds chosen inside give on the held-out patients; empty without them.
  public var thresholds: [ThresholdResult]
  public var ledger: LedgerCheck
  public var shortcut: ShortcutResult?
  /// Nil unless labels were permuted, several times. What training seeds do is each score's `overSeeds`.
  public var permutations: [PermutedScores]?
  public var methods: [Method]
  public var exclusions: [Exclusion]
  public var composition: [CohortCell]
  public var patientsJoined: Int
  /// What `--pretrained-on` listed; nil where nobody said.
  public var outsiders: Int?
}

/// What one fold's inner folds chose, and by which scores.
public struct InnerChoice: Hashable, Codable, Sendable {
  public var fold: String
  public var chosen: Candidate?
  public var scores: [InnerSelection.Score]
}

/// One strategy's decisions on the target's held-out scans, at thresholds that each fold's training patients chose.
public struct ThresholdResult: Hashable, Codable, Sendable {
  public var strategy: String
  /// Fold by fold; nil where none could be chosen.
  public var thresholds: [DecisionThreshold?]
  /// Over all folds' scans; nil where undefined.
  public var sensitivity: Double?
  public var specificity: Double?
}

/// Scans that took no part, and why.
public struct Exclusion: Hashable, Codable, Sendable {
  public var reason: String
  public var scans: Int
}

/// Patients and scans of one class on one scanner, in one part of one fold.
public struct CohortCell: Hashable, Codable, Sendable {
  /// nil: of the whole cohort.
  public var fold: String?
  /// `training` or `test`; nil for the whole cohort.
  public var part: String?
  public var scanner: String
  /// nil for scans without a label.
  public var label: String?
  public var patients: Int
  public var scans: Int
}

/// The shortcut probe beside the network.
public struct ShortcutResult: Hashable, Codable, Sendable {
  /// AUROC of the probe on the target's held-out scans; nil where undefined.
  public var probe: Estimate?
  /// The network row it is compared with: the best of those evaluated.
  public var strategy: String?
  public var network: Estimate?
  /// The network's less the probe's, on the same scans.
  public var lead: PairedDifference?
  public var failure: String?

  /// The probe does better than chance and the network isn't better beyond chance.
  public var isClose: Bool {
    guard let lower = probe?.interval?.lower, lower > 0.5 else { return false }
    return (lead?.interval?.lower ?? -1) <= 0
  }
}

/// One strategy's primary metric by permutation of the labels: what chance alone gives.
public struct PermutedScores: Hashable, Codable, Sendable {
  public var strategy: String
  /// Mean over folds, permutation by permutation.
  public var values: [Double?]

  private var defined: [Double] { values.compactMap { $0 } }

  public var mean: Double? { defined.isEmpty ? nil : defined.reduce(0, +) / Double(defined.count) }

  /// Over permutations; nil with fewer than two.
  public var standardDeviation: Double? {
    guard let mean, defined.count > 1 else { return nil }
    return (defined.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(defined.count - 1)).squareRoot()
  }

  /// The mean's; nil with fewer than two permutations.
  public var standardError: Double? { standardDeviation.map { $0 / Double(defined.count).squareRoot() } }
}
