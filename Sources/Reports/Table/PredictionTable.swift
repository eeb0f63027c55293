import Adaptation
import Cohorts
import Files

/// A model's answers for scans, as CSV: a line per readable scan, in the manifest's order within each scanner.
public struct PredictionTable: Sendable {
  let labels: [String]
  private var rows: [[String]] = []
  private var featureRows: [[String]] = []
  private var answersFindings = false

  /// - Parameter labels: the classes, in index order.
  public init(labels: [String]) { self.labels = labels }

  /// - Parameter statistics: whose statistics the model held for these scans, in words.
  public mutating func add(_ answers: ScanPredictions, statistics: String) {
    for (record, prediction) in zip(answers.records, answers.predictions) {
      let probabilities = prediction.probabilities
      let best = probabilities.indices.max { probabilities[$0] < probabilities[$1] }!
      rows.append(
        [record.path, record.scanner.rawValue, statistics, labels[best]].map(csvCell) + probabilities.map { "\($0)" })
    }
    add(answers.features, of: answers.records)
  }

  /// Of a model that gives each finding a probability of its own.
  public mutating func add(_ answers: ScanFindings, statistics: String) {
    answersFindings = true
    for (record, prediction) in zip(answers.records, answers.predictions) {
      rows.append([record.path, record.scanner.rawValue, statistics].map(csvCell) + prediction.probabilities.map { "\($0)" })
    }
    add(answers.features, of: answers.records)
  }

  private mutating func add(_ features: [[Float]]?, of records: [ScanRecord]) {
    for (record, features) in zip(records, features ?? []) {
      featureRows.append([record.path, record.scanner.rawValue].map(csvCell) + features.map { "\($0)" })
    }
  }

  /// Columns: path, scanner, statistics, the most probable label (not where findings may be there together), then `probability_LABEL` for
  /// each class.
  public var csv: String {
    Self.text(
      header: ["path", "scanner", "statistics"] + (answersFindings ? [] : ["predicted"]) + labels.map { csvCell("probability_\($0)") }, rows
    )
  }

  /// Columns: path, scanner, then `feature_0`, `feature_1`, …
  public var featuresCSV: String {
    Self.text(header: ["path", "scanner"] + (0..<max((featureRows.first?.count ?? 2) - 2, 0)).map { "feature_\($0)" }, featureRows)
  }

  private static func text(header: [String], _ rows: [[String]]) -> String {
    ([header] + rows).map { $0.joined(separator: ",") }.joined(separator: "\n") + "\n"
  }
}
