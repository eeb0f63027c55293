import Cohorts
import Evaluation
import Files

/// `predictions.csv`: a line per held-out scan, strategy and fold.
///
/// Columns: `format`, `protocol`, `repetition` (from 1), `fold`, `strategy`, `scanner`, `scan` and `patient` (pseudonyms by default),
/// `label` (empty where unknown), `predicted`, then one probability per class in index order, as `probability:CLASS`.
public struct PredictionsTable: Sendable {
  public static let formatVersion = 1

  let records: [FoldRecord]
  let classes: [String]
  let identifiers: Identifiers

  public init(records: [FoldRecord], classes: [String], identifiers: Identifiers) {
    self.records = records
    self.classes = classes
    self.identifiers = identifiers
  }

  public var csv: String {
    let columns = ["format", "protocol", "repetition", "fold", "strategy", "scanner", "scan", "patient", "label", "predicted"]
    var text = (columns + classes.map { "probability:" + $0 }).map(csvCell).joined(separator: ",") + "\n"
    for record in records {
      for strategy in record.strategies {
        for prediction in strategy.predictions {
          let cells: [String] = [
            "\(Self.formatVersion)", record.fold.protocolName, "\(record.fold.repetition + 1)", record.fold.fold, strategy.name,
            prediction.scanner, identifiers.scan(ScanID(prediction.scan)), identifiers.patient(PatientID(prediction.patient)),
            prediction.label.map { classes[$0] } ?? "", classes[prediction.decision],
          ]
          text += (cells + prediction.probabilities.map { "\($0)" }).map(csvCell).joined(separator: ",") + "\n"
        }
      }
    }
    return text
  }
}
