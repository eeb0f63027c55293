import Cohorts
import Engine
import Evaluation
import ModelFiles
import Normalization

/// What an adaptation answers with: one model for every scan, or one backbone with a norm pack for each scanner and a stated rule for
/// scanners without one.
public struct AdaptedModel: Sendable {
  public let model: Model
  /// Nil: the model as it is answers all.
  public let packs: NormPackBank?
  public let unknownScanner: UnknownScannerPolicy

  public init(_ model: Model, packs: NormPackBank? = nil, unknownScanner: UnknownScannerPolicy = .refuse) {
    self.model = model
    self.packs = packs
    self.unknownScanner = unknownScanner
  }

  /// The scans that an unknown scanner is recognized by.
  private static let sampleSize = 32

  /// The model for a scanner's scans, and what was chosen; nil where there was nothing to choose.
  ///
  /// - Parameter records: all scans of the scanner that are asked about; a few of them are read where the policy looks at statistics.
  public func chosen(
    for scanner: ScannerID, scans records: [ScanRecord], by predictor: Predictor
  ) throws -> (model: Model, choice: NormPackBank.Choice?) {
    guard let packs else { return (model, nil) }
    let sample = {
      for batch in predictor.loader.batches(of: records, size: Self.sampleSize) { return FeatureMaps(batch.images) }
      throw RecalibrationError.noScans(listed: records.count)
    }
    let choice = try packs.choose(
      for: scanner, policy: unknownScanner, model: model, scans: sample, threads: predictor.budget.threads)
    return (try choice.applied(to: model), choice)
  }
}

extension Predictor {
  /// Each scan answered by its scanner's model; otherwise as `predict(_:on:)` of one model.
  public func predict(
    _ adapted: AdaptedModel, on records: [ScanRecord], labels: LabelRule = .checked, withFeatures: Bool = false
  ) throws -> ScanPredictions {
    guard adapted.packs != nil else { return try predict(adapted.model, on: records, labels: labels, withFeatures: withFeatures) }
    var answers: [ScanPredictions] = []
    for (scanner, scans) in Dictionary(grouping: records, by: \.scanner).sorted(by: { $0.key < $1.key }) {
      let (model, choice) = try adapted.chosen(for: scanner, scans: scans, by: self)
      var part = try predict(model, on: scans, labels: labels, withFeatures: withFeatures)
      part.packs = choice.map { [scanner: $0.words] } ?? [:]
      answers.append(part)
    }
    return ScanPredictions(answers, inOrderOf: records, withFeatures: withFeatures)
  }

  /// As `predict`, of a model that answers finding by finding.
  func predictFindings(_ adapted: AdaptedModel, on records: [ScanRecord], labels: LabelRule = .checked) throws -> ScanFindings {
    guard adapted.packs != nil else { return try predictFindings(adapted.model, on: records, labels: labels) }
    var found: [ScanID: MultiLabelPrediction] = [:]
    var unreadable: [UnreadableScan] = []
    for (scanner, scans) in Dictionary(grouping: records, by: \.scanner).sorted(by: { $0.key < $1.key }) {
      let part = try predictFindings(try adapted.chosen(for: scanner, scans: scans, by: self).model, on: scans, labels: labels)
      for (record, prediction) in zip(part.records, part.predictions) { found[record.id] = prediction }
      unreadable += part.unreadable
    }
    let readable = records.filter { found[$0.id] != nil }
    return ScanFindings(
      records: readable, predictions: readable.map { found[$0.id]! }, features: nil, unreadable: unreadable.sorted { $0.path < $1.path })
  }
}

extension ScanPredictions {
  /// Several answers as one, the scans in the order they were asked in.
  fileprivate init(_ parts: [ScanPredictions], inOrderOf records: [ScanRecord], withFeatures: Bool) {
    let places = Dictionary(uniqueKeysWithValues: records.enumerated().map { ($1.id, $0) })
    let rows = parts.flatMap { part in part.records.indices.map { (part, $0) } }
      .sorted { places[$0.0.records[$0.1].id]! < places[$1.0.records[$1.1].id]! }
    self.init(
      records: rows.map { $0.records[$1] }, predictions: rows.map { $0.predictions[$1] }, logits: rows.map { $0.logits[$1] },
      features: withFeatures ? rows.map { $0.features![$1] } : nil,
      unreadable: parts.flatMap(\.unreadable).sorted { $0.path < $1.path })
    packs = parts.reduce(into: [:]) { $0.merge($1.packs) { first, _ in first } }
  }
}
