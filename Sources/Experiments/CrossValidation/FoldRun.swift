import Adaptation
import Cohorts
import Evaluation
import Files
import ModelFiles
import RandomStreams

/// One fold: the baseline and each strategy fitted on its training patients and asked about its test scans.
struct FoldRun {
  let design: ExperimentDesign
  let model: Model
  let fold: Fold
  let loader: ScanLoader
  let budget: ComputeBudget
  /// Test scans that are left out, because the source model was fitted on their patients.
  let excluded: Set<PatientID>
  let observer: ExperimentObserver
  /// Where a stopped training leaves its state; nil keeps none.
  let checkpointFolder: String?

  /// Runs what the record lacks, or holds as failed, and hands out the record after each strategy.
  /// - Throws: `ExperimentStopped`'s causes (`Interrupted`, `StopRequested`), `FileError`, and whatever the baseline throws: without it
  ///   there is nothing to compare.
  func run(_ record: inout FoldRecord, save: (FoldRecord) throws -> Void) throws {
    let wanted = design.rows.filter { $0.entry.notApplicable == nil }
    // What failed is tried again: the cause may have been the disk's or the machine's.
    record.strategies.removeAll { $0.failure != nil }
    let done = Set(record.strategies.map(\.name))
    let order = Dictionary(uniqueKeysWithValues: wanted.enumerated().map { ($1.entry.name, $0) })
    var base: Model? = design.base == .headFittedOnSources ? nil : model
    for (number, row) in wanted.enumerated() {
      guard !done.contains(row.entry.name) else {
        noteUse(by: row, isBaseline: number == 0)
        continue
      }
      guard !observer.shouldStop() else { throw StopRequested() }
      observer.report(.strategyBegan(row.entry.name, fold: fold.name, number: number + 1, of: wanted.count))
      let isBaseline = number == 0
      if !isBaseline, base == nil { base = try fitted(wanted[0], from: model).model }
      let finished: FoldRecord.Strategy
      do {
        let (adapted, outcome) = try fitted(row, from: isBaseline ? model : base!)
        if isBaseline, design.base == .headFittedOnSources { base = adapted }
        finished = try scored(row, adapted, outcome, &record)
      } catch let error as FileError {
        throw error
      } catch let error as Interrupted {
        throw error
      } catch let error as CheckpointError {
        throw error
      } catch  where !isBaseline {
        observer.report(.strategyFailed(row.entry.name, fold: fold.name, reason: "\(error)"))
        finished = FoldRecord.Strategy(name: row.entry.name, failure: "\(error)")
      }
      record.strategies.append(finished)
      record.strategies.sort { order[$0.name, default: wanted.count] < order[$1.name, default: wanted.count] }
      try save(record)
      // What it served is in the record now; a failure may be looked into.
      if finished.failure == nil, let checkpoint = checkpoint(of: row) { try? Folder.remove(checkpoint) }
    }
  }

  /// Writes to the ledger what a strategy whose record was taken up had used: making the roles is what does it.
  private func noteUse(by row: ExperimentDesign.Row, isBaseline: Bool) {
    let training = isBaseline ? baselineTraining : adaptationTraining
    let configuration = row.strategy.training ?? row.strategy.strategy.defaultTraining
    if row.trains, configuration.earlyStopping != nil {
      _ = try? training.split(validationFraction: row.strategy.validationFraction, seed: configuration.seed)
    }
  }

  private func fitted(_ row: ExperimentDesign.Row, from source: Model) throws -> (model: Model, outcome: AdaptationRun.Result) {
    let strategy = row.strategy
    let run = AdaptationRun(
      strategy.strategy, training: strategy.training, newHeadLabels: design.classes,
      validationFraction: strategy.validationFraction, budget: budget)
    let isBaseline = row.strategy.strategy is SourceModel
    let outcome = try run.adapt(
      source, to: isBaseline ? baselineTraining : adaptationTraining, loader: loader, checkpoint: checkpoint(of: row),
      observer: observer.training)
    return (outcome.model, outcome)
  }

  private func checkpoint(of row: ExperimentDesign.Row) -> String? {
    checkpointFolder.map { "\($0)/\(fold.name.fileStem)-\(row.entry.name).checkpoint" }
  }

  /// What an adaptation may be fitted on under the protocol.
  private var adaptationTraining: TrainingScans {
    switch design.configuration.protocolName {
    case .withinScanner, .unlabelledScanner: fold.training.filtered { design.targets.contains($0.scanner) }
    case .unseenScanner: fold.training
    case .transductive: fold.test.restricted(toScanners: design.targets).transductively()
    }
  }

  /// What the baseline's head is fitted on, where it needs one.
  private var baselineTraining: TrainingScans {
    design.base == .headFittedOnSources ? fold.training.filtered { design.sources.contains($0.scanner) } : fittableTraining
  }

  private var fittableTraining: TrainingScans {
    design.configuration.protocolName == .unseenScanner ? fold.training : fold.training.filtered { design.targets.contains($0.scanner) }
  }

  private var testRecords: [ScanRecord] {
    fold.test.labelledRecords.filter { record in
      design.targets.contains(record.scanner) || (design.sources.contains(record.scanner) && !excluded.contains(record.patient))
    }
  }

  private func scored(
    _ row: ExperimentDesign.Row, _ adapted: Model, _ outcome: AdaptationRun.Result, _ record: inout FoldRecord
  ) throws -> FoldRecord.Strategy {
    let records = testRecords
    observer.report(.predicting(scans: records.count))
    let predictor = Predictor(loader: loader, budget: budget)
    let answers = try predictor.predict(adapted, on: records)
    for scan in answers.unreadable + outcome.report.unreadable {
      let entry = FoldRecord.UnreadableScanEntry(path: scan.path, reason: scan.reason)
      if !record.unreadable.contains(entry) { record.unreadable.append(entry) }
    }
    let training = try predictor.predict(adapted, on: trainingScoreRecords).predictions
    return FoldRecord.Strategy(
      name: row.entry.name, predictions: answers.predictions, trainingScores: design.metrics.map { $0.value(of: training) },
      trainedParameters: outcome.report.trainedParameters, seconds: outcome.report.seconds,
      curve: outcome.metrics.map {
        LearningCurve.Point(epoch: $0.epoch, trainingLoss: finite($0.trainingLoss), validationLoss: $0.validationLoss.flatMap(finite))
      },
      chosenEpoch: outcome.report.chosenEpoch, notes: notes(outcome.report))
  }

  /// The same scans for every strategy of the fold.
  private var trainingScoreRecords: [ScanRecord] {
    let labelled = fittableTraining.labelledRecords
    let limit = design.configuration.trainingScoreScans
    guard labelled.count > limit else { return labelled }
    var stream = RandomStream(seed: design.configuration.seed, purpose: "training score", epoch: fold.index)
    let chosen = labelled.indices.shuffled(using: &stream).prefix(limit).sorted()
    return chosen.map { labelled[$0] }
  }

  private func notes(_ report: AdaptationReport) -> [String] {
    var notes: [String] = []
    if !report.unusedLabels.isEmpty { notes.append("no training scan had \(report.unusedLabels.joined(separator: ", "))") }
    if let merge = report.merge { notes.append("merging changed outputs by at most \(merge.largestRelativeError) of the largest") }
    return notes
  }

  private func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }
}

/// The person asked to stop, between two strategies.
struct StopRequested: Error {}

extension FoldName {
  /// For a file: letters, digits and hyphens. Where that loses something, a hash keeps names apart.
  var fileStem: String {
    let safe = fold.unicodeScalars.map {
      $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil) ? Character($0) : "-"
    }
    let stem = String(String(safe).prefix(40))
    return "\(repetition + 1)-\(stem)" + (stem == fold ? "" : "-\(ContentHash(of: fold).hex.prefix(12))")
  }
}
