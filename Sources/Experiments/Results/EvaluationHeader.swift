import Evaluation

/// What every reader has to know before a number: what was scored, on whom, prepared how, with which statistics.
public struct EvaluationHeader: Hashable, Codable, Sendable {
  /// What the differences are taken from.
  public enum Baseline: Hashable, Codable, Sendable {
    /// The model as it came.
    case sourceModel
    /// The model's own head doesn't know the cohort's labels, so a linear head was fitted on its untouched features, per fold, on
    /// training patients.
    case linearProbeOnSourceStatistics
    /// As before, but fitted on the source scanners' training patients, because the protocol gives no labels of the target.
    case linearProbeOnSourceScanners
    /// The model's own head, with rows for the classes it lacks, per fold, from training patients' untouched features.
    case headExtendedOnSourceStatistics
  }

  /// What is known of the patients that the model was fitted on before.
  public enum SourcePatients: Hashable, Codable, Sendable {
    case unknown
    /// Their keyed hashes are in the model's card and were compared with the cohort's patients.
    case known(count: Int, heldOut: Int)
    /// Hashes are there, made with another key: no comparison is possible.
    case otherKey(count: Int)
  }

  public var protocolName: EvaluationProtocol
  public var model: String
  public var architecture: String
  public var backboneHash: String
  public var sourcePatients: SourcePatients
  /// One line per step, as applied to every scan.
  public var preprocessing: String
  /// In index order, as the predictions' columns.
  public var classes: [String]
  public var targetScanners: [String]
  /// Scanners whose held-out scans show what an adaptation costs where the model came from; may be empty.
  public var sourceScanners: [String]
  /// How patients were told apart.
  public var patientIdentity: String
  public var baseline: Baseline
  /// The first is what verdicts are about.
  public var metrics: [Metric]
  public var bootstrap: PatientBootstrap
  public var rule: VerdictRule
  public var folds: Int
  public var repetitions: Int
  public var seed: UInt64
  /// Labels were shuffled over patients: a self-test whose scores must be chance.
  public var labelsPermuted: Bool
  /// What a number counts.
  public var unit: EvaluationUnit
  /// Beside the first, those that tables show; files have all.
  public var tabulated: [Metric]

  public init(
    protocolName: EvaluationProtocol, model: String, architecture: String, backboneHash: String, sourcePatients: SourcePatients,
    preprocessing: String, classes: [String], targetScanners: [String], sourceScanners: [String], patientIdentity: String,
    baseline: Baseline, metrics: [Metric], bootstrap: PatientBootstrap, rule: VerdictRule, folds: Int, repetitions: Int = 1, seed: UInt64,
    labelsPermuted: Bool = false, unit: EvaluationUnit = .scan, tabulated: [Metric] = []
  ) {
    precondition(!metrics.isEmpty, "an evaluation without a metric")
    self.protocolName = protocolName
    self.model = model
    self.architecture = architecture
    self.backboneHash = backboneHash
    self.sourcePatients = sourcePatients
    self.preprocessing = preprocessing
    self.classes = classes
    self.targetScanners = targetScanners
    self.sourceScanners = sourceScanners
    self.patientIdentity = patientIdentity
    self.baseline = baseline
    self.metrics = metrics
    self.bootstrap = bootstrap
    self.rule = rule
    self.folds = folds
    self.repetitions = repetitions
    self.seed = seed
    self.labelsPermuted = labelsPermuted
    self.unit = unit
    self.tabulated = tabulated
  }

  public var primaryMetric: Metric { metrics[0] }
}

extension EvaluationHeader.SourcePatients {
  public var sentence: String {
    switch self {
    case .unknown: "UNKNOWN: the model doesn't say whom it was fitted on; patients scored here may have been among them"
    case .known(let count, 0): "known: \(count), none of them scored here"
    case .known(let count, let heldOut): "LEAK: \(heldOut) of its \(count) known patients are scored here"
    case .otherKey(let count):
      "UNKNOWN: the card lists \(count) patients under another key; with the site's --pseudonym-key they could be compared"
    }
  }
}

extension EvaluationHeader.Baseline {
  public var sentence: String {
    switch self {
    case .sourceModel: "the source model as it came"
    case .linearProbeOnSourceStatistics:
      "a linear head fitted per fold on the source model's untouched features, because its own head doesn't know these classes"
    case .linearProbeOnSourceScanners:
      "a linear head fitted per fold on the source model's untouched features of the SOURCE scanners' training patients, because its own head "
        + "doesn't know these classes and no label of the target may be used"
    case .headExtendedOnSourceStatistics:
      "the source model with rows added to its head, per fold, for the classes it doesn't know, from its untouched features of training patients"
    }
  }
}
