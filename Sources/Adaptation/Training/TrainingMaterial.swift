import Cohorts
import Engine
import Graphs
import ModelFiles

/// What steps learn from: the scans, the loss, and what is known of each scan.
struct TrainingMaterial {
  /// Readable, sorted by id.
  let records: [ScanRecord]
  let loss: Loss
  /// In the records' order; nil where no label is read.
  private let labelled: TrainingTargets?
  /// Labels of the model that no training scan bears.
  let unusedLabels: [String]

  /// - Throws: `TrainingError` where there is nothing to learn from, and what `TrainingTargets` throws.
  init(
    _ objective: TrainingObjective, of training: TrainingScans, card: ModelCard, configuration: TrainingConfiguration, scans: RunScans
  ) throws {
    let wanted = (objective.needsLabels ? training.labelledRecords : training.records).sorted { $0.id < $1.id }
    guard !wanted.isEmpty else { throw TrainingError.noLabels(scans: training.count) }
    if objective.needsLabels { _ = try TrainingTargets(wanted, for: card) }
    records = scans.readable(wanted)
    guard !records.isEmpty else {
      throw TrainingError.noReadableScans(listed: wanted.count, first: scans.failures.first.map(UnreadableScan.init))
    }
    if let rule = objective.rule {
      loss = .entropy(limit: rule.limit(classes: card.labels.count))
      (labelled, unusedLabels) = (nil, [])
      return
    }
    let targets = try TrainingTargets(records, for: card)
    try targets.check()
    labelled = targets
    loss = targets.loss(configuration)
    unusedLabels = try LabelVocabulary(card.labels).unused(by: records)
  }

  /// Labelled training scans per class, or scans with each finding, in index order.
  var scansPerClass: [Int] { labelled?.counts ?? [] }

  /// Of a batch's scans, by their positions.
  func targets(at positions: [Int]) -> Targets { labelled?.batch(positions) ?? .unlabelled(positions.count) }

  /// Scans of a batch that are answered rightly; nil where no label is read.
  func correct(_ logits: FeatureMaps, at positions: [Int]) -> Int? { labelled?.correct(logits.rows, at: positions) }
}
