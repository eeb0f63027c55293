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
}
