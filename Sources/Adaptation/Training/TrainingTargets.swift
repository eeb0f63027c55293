import Cohorts
import Engine
import Evaluation
import Foundation
import ModelFiles

/// What training works towards: each scan's class, or whether each finding is in it.
struct TrainingTargets: Sendable {
  private enum Form: Sendable {
    case classes([Int])
    /// A row a scan, a column a label; nil where unknown.
    case findings([[Bool?]])
  }

  private let form: Form
  private let labels: [String]
  /// Labelled scans per class, or scans with each finding, in index order.
  let counts: [Int]

  /// - Parameter records: labelled.
  /// - Throws: `LabelVocabularyError`, `LabelFormError` where the scans' labels are of another form than the model's answers.
  init(_ records: [ScanRecord], for card: ModelCard) throws {
    try LabelFormError.check(records, against: card)
    let vocabulary = try LabelVocabulary(card.labels)
    labels = vocabulary.labels
    switch card.output {
    case .softmax:
      let targets = try vocabulary.targets(of: records).compactMap(\.self)
      form = .classes(targets)
      counts = vocabulary.counts(of: targets)
    case .sigmoid:
      let rows = try vocabulary.findings(of: records)
      form = .findings(rows)
      counts = vocabulary.labels.indices.map { label in rows.count { $0[label] == true } }
    }
  }

  /// - Throws: `TrainingError.oneClass`, `.nothingToTell` where no finding is both present and absent.
  func check() throws(TrainingError) {
    switch form {
    case .classes(let targets):
      guard counts.count(where: { $0 > 0 }) > 1 else { throw .oneClass(label: labels[targets[0]], scans: targets.count) }
    case .findings(let rows):
      let learnable = labels.indices.contains { label in rows.contains { $0[label] == true } && rows.contains { $0[label] == false } }
      guard learnable else { throw .nothingToTell(findings: labels.count, scans: rows.count) }
    }
  }

  /// Balanced weighting: of classes by their scans; of a finding its absences over its presences, where it has both.
  func loss(_ configuration: TrainingConfiguration) -> Loss {
    switch form {
    case .classes:
      return configuration.loss(for: counts)
    case .findings(let rows):
      let weights = labels.indices.map { label -> Float in
        let absent = rows.count { $0[label] == false }
        return counts[label] == 0 || absent == 0 ? 1 : Float(absent) / Float(counts[label])
      }
      return .binaryCrossEntropy(
        positiveWeights: configuration.classWeighting == .balanced ? weights : nil, labelSmoothing: configuration.labelSmoothing)
    }
  }

  /// Of the scans at `positions`, in that order.
  func batch(_ positions: [Int]) -> Targets {
    switch form {
    case .classes(let targets): .classes(positions.map { targets[$0] })
    case .findings(let rows): .findings(positions.map { rows[$0] })
    }
  }

  /// Scans answered rightly: the most probable class, or every known finding on the right side of one half.
  func correct(_ logits: [[Float]], at positions: [Int]) -> Int {
    switch form {
    case .classes(let targets):
      zip(logits, positions).count { row, position in row.indices.max { row[$0] < row[$1] } == targets[position] }
    case .findings(let rows):
      zip(logits, positions).count { row, position in zip(row, rows[position]).allSatisfy { $1 == nil || ($0 > 0) == $1 } }
    }
  }

  /// What they are on scans whose logits these are, in the records' order.
  func measures(_ records: [ScanRecord], logits: [[Float]]) -> ValidationMeasures {
    switch form {
    case .classes(let targets):
      ValidationMeasures(zip(zip(records, targets), logits).map { Prediction($0.0, label: $0.1, logits: $1) })
    case .findings(let rows):
      ValidationMeasures(zip(zip(records, rows), logits).map { MultiLabelPrediction($0.0, labels: $0.1, logits: $1) })
    }
  }

  /// Whether an area under the curve has a value on these scans.
  var haveRanking: Bool {
    switch form {
    case .classes: counts.count { $0 > 0 } > 1
    case .findings: (try? check()) != nil
    }
  }
}

extension MultiLabelPrediction {
  /// A sigmoid each, in Double.
  init(_ record: ScanRecord, labels: [Bool?], logits: [Float]) {
    self.init(
      scan: record.id.rawValue, patient: record.patient.rawValue, scanner: record.scanner.rawValue, labels: labels,
      probabilities: logits.map { 1 / (1 + exp(-Double($0))) })
  }
}
