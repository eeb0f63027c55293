import Cohorts
import ModelFiles
import Normalization

/// What a strategy may look at before it decides what to change: the model with its head in place, and the training patients' scans.
///
/// Validation and test scans can't be reached from here.
public struct TrainingEvidence {
  /// As it came, with a new head where one is asked for.
  public let model: Model
  public let training: TrainingConfiguration
  public let budget: ComputeBudget
  let records: [ScanRecord]
  let scans: RunScans

  /// Readable training scans in content-hash order, loaded piece by piece.
  var images: StatisticsImages { scans.statisticsImages(of: records) }

  /// Readable training scans that have a label, sorted by id.
  var labelled: [ScanRecord] { scans.readable(records).filter(\.isLabelled).sorted { $0.id < $1.id } }

  /// Patients whose labels, of those the model knows, let the gate see what a fit does. In the least of two folds half the gate's minimum
  /// are training patients, and folds must not be fitted otherwise than the whole.
  private static let fewestJudged = Gate().minimumPatients / 2

  /// Whether every patient has a label that the model knows, or enough of them to judge by. One label among many scans says nothing.
  var hasLabelsToJudgeBy: Bool {
    let readable = scans.readable(records)
    let judged = readable.patientsLabelled(among: model.card.labels)
    return judged.count >= Self.fewestJudged || !judged.isEmpty && judged == Set(readable.map(\.patient))
  }
}

extension Sequence where Element == ScanRecord {
  /// The patients who have a label, on some scan, that a model answers in.
  func patientsLabelled(among labels: [String]) -> Set<PatientID> {
    Set(filter { !Set($0.labels).isDisjoint(with: labels) }.map(\.patient))
  }
}
