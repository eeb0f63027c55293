import Cohorts
import Evaluation
import Files

/// What an evaluation of several findings a scan found: everything a table shows, and nothing that names a patient in the clear.
public struct FindingsResult: Hashable, Codable, Sendable {
  public static let formatVersion = 2

  /// A finding in the scans that were scored.
  public struct Count: Hashable, Codable, Sendable {
    public var finding: String
    public var present: Int
    public var absent: Int
    /// Scans in which nobody looked for it.
    public var unknown: Int
    public var patientsWithIt: Int

    init(_ finding: String, in records: [ScanRecord]) {
      let labelled = records.filter(\.isLabelled)
      self.finding = finding
      present = labelled.count { $0.findings[finding] == true }
      absent = labelled.count { $0.findings[finding] == false }
      unknown = labelled.count - present - absent
      patientsWithIt = Set(labelled.filter { $0.findings[finding] == true }.map(\.patient)).count
    }
  }

  /// A metric on the held-out scans: of each finding, in order, and their mean.
  public struct Score: Hashable, Codable, Sendable {
    public var metric: Metric
    /// Nil where no finding has a value.
    public var macro: MacroEstimate?
    public var byFinding: [Estimate?]
  }

  public struct Strategy: Hashable, Codable, Sendable {
    public var name: String
    public var summary: String
    public var statistics: String
    public var head: String
    public var isBaseline: Bool
    /// Why there are no scores.
    public var failure: String?
    /// In the order of the metrics; the first decides.
    public var scores: [Score]
    /// Of the first metric's mean over findings, from the baseline's.
    public var difference: PairedDifference?
    public var verdict: VerdictWithReason?
    public var trainedParameters: Int
    public var seconds: Double?
  }

  public var format = FindingsResult.formatVersion
  /// Tells it from the result of classes that exclude each other.
  public var kind = "findings"
  public var model: String
  public var architecture: String
  public var backboneHash: String
  public var sourcePatients: EvaluationHeader.SourcePatients
  public var preprocessing: String
  /// In the order of the answers.
  public var findings: [String]
  public var counts: [Count]
  public var targetScanners: [String]
  public var patientIdentity: String
  public var patients: Int
  public var scans: Int
  public var baseline: EvaluationHeader.Baseline
  public var bootstrap: PatientBootstrap
  public var rule: VerdictRule
  public var folds: Int
  public var seed: UInt64
  public var strategies: [Strategy]
  public var notes: [Finding]
  public var conduct: EvaluationConduct
  public var unreadable: [UnreadableEntry]
  /// `predictions.csv`; not part of the JSON.
  public var predictions = ""

  private enum CodingKeys: String, CodingKey {
    case format, kind, model, architecture, backboneHash, sourcePatients, preprocessing, findings, counts, targetScanners, patientIdentity,
      patients,
      scans
    case baseline, bootstrap, rule, folds, seed, strategies, notes, conduct, unreadable
  }

  /// What every reader has to know before a number, as of any evaluation; its classes are the findings.
  public var header: EvaluationHeader {
    EvaluationHeader(
      protocolName: .withinScanner, model: model, architecture: architecture, backboneHash: backboneHash, sourcePatients: sourcePatients,
      preprocessing: preprocessing, classes: findings, targetScanners: targetScanners, sourceScanners: [],
      patientIdentity: patientIdentity, baseline: baseline, metrics: strategies.first?.scores.map(\.metric) ?? [.auroc],
      bootstrap: bootstrap, rule: rule, folds: folds, seed: seed)
  }

  /// A patient was on both sides.
  public var hasLeak: Bool { notes.contains { $0.severity == .leak } }
  public var hasFailedStrategy: Bool { strategies.contains { $0.failure != nil } }
}

/// `predictions.csv` of several findings a scan: a line per held-out scan, strategy and fold.
///
/// Columns: `format`, `fold`, `strategy`, `scanner`, `scan` and `patient` (pseudonyms by default), then for each finding `label:FINDING`
/// (1, 0, or empty where unknown) and `probability:FINDING`.
struct FindingsTable {
  let rows: [FindingsRow]
  let findings: [String]
  let folds: [FoldName]
  let identifiers: Identifiers

  var csv: String {
    let columns = ["format", "fold", "strategy", "scanner", "scan", "patient"]
    var text = (columns + findings.flatMap { ["label:\($0)", "probability:\($0)"] }).map(csvCell).joined(separator: ",") + "\n"
    for row in rows {
      for (fold, predictions) in zip(folds, row.folds) {
        for prediction in predictions {
          let cells = [
            "1", fold.fold, row.name, prediction.scanner, identifiers.scan(ScanID(prediction.scan)),
            identifiers.patient(PatientID(prediction.patient)),
          ]
          let answers = zip(prediction.labels, prediction.probabilities).flatMap { [$0.map { $0 ? "1" : "0" } ?? "", "\($1)"] }
          text += (cells + answers).map(csvCell).joined(separator: ",") + "\n"
        }
      }
    }
    return text
  }
}

extension RunFolder {
  /// The files of an evaluation of several findings a scan.
  public func write(_ result: FindingsResult, ledger: Ledger, pseudonyms: Pseudonyms) throws {
    try write(result.predictions, named: "predictions.csv")
    try ledger.write(to: "\(path)/ledger.csv", pseudonyms: pseudonyms)
    // Last: where it is, the run is finished.
    try write(json: result, to: "evaluation.json")
  }
}
