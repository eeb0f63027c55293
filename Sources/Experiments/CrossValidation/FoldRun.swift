import Adaptation
import Cohorts
import Evaluation
import Files
import Foundation
import ModelFiles
import RandomStreams

/// One fold: the baseline and each strategy fitted on its training patients and asked about its test scans.
struct FoldRun {
  let design: ExperimentDesign
  let fold: Fold
  /// From 0, through all repetitions.
  let number: Int
  let fitting: Fitting
  /// Test scans that are left out, because the source model was fitted on their patients.
  let excluded: Set<PatientID>
  let ledger: Ledger
  let probe: ShortcutProbe?
  let observer: ExperimentObserver
  /// Where a stopped training leaves its state; nil keeps none.
  let checkpointFolder: String?

  /// Runs what the record lacks, or holds as failed, and hands out the record after each step.
  /// - Throws: `ExperimentStopped`'s causes (`Interrupted`, `StopRequested`), `FileError`, and whatever the baseline throws: without it
  ///   there is nothing to compare.
  func run(_ record: inout FoldRecord, save: (FoldRecord) throws -> Void) throws {
    let earlier = design.selection(of: record)
    // What failed is tried again: the cause may have been the disk's or the machine's.
    record.strategies.removeAll { $0.failure != nil }
    record.inner.removeAll { $0.failure != nil }
    func saveWithLedger(_ record: inout FoldRecord) throws {
      record.ledger = ledger.pages(ofOuter: fold.name)
      try save(record)
    }
    if let nesting = design.configuration.nesting {
      let inner = InnerFitting(design, fitting, observer)
      try InnerRun(
        nesting: nesting, candidates: design.candidates, seed: design.configuration.seed, training: fitting.training, observer: observer
      ).run(&record, answers: inner.answers) { try saveWithLedger(&$0) }
    }
    let selection = design.selection(of: record)
    // What was fitted by another choice doesn't stand beside this one.
    if selection != earlier { (record.strategies, record.shortcut) = ([], nil) }
    let wanted = design.rows.filter { $0.entry.notApplicable == nil }.map { $0.training(at: selection?.learningRate(of: $0.baseName)) }
    let order = Dictionary(uniqueKeysWithValues: wanted.enumerated().map { ($1.entry.name, $0) })
    let done = Set(record.strategies.map(\.name))
    var base: Model? = design.base == .headFittedOnSources ? nil : fitting.model
    for (index, row) in wanted.enumerated() where !done.contains(row.entry.name) {
      guard !observer.shouldStop() else { throw StopRequested() }
      observer.report(.strategyBegan(row.entry.name, fold: fold.name, number: index + 1, of: wanted.count))
      let isBaseline = row.kind == .baseline
      if !isBaseline, base == nil { base = try fitting.fitted(wanted[0], from: fitting.model).model }
      var finished: FoldRecord.Strategy
      if row.kind == .chosenInside {
        finished = chosenInside(row, selection, in: record)
      } else {
        do {
          let outcome = try fitting.fitted(row, from: isBaseline ? fitting.model : base!, checkpoint: checkpoint(of: row))
          if isBaseline, design.base == .headFittedOnSources { base = outcome.model }
          finished = try scored(row, outcome, &record)
          if let rule = design.configuration.nesting?.threshold, !row.isTransductiveCompanion {
            finished.threshold = selection?.threshold(of: row.baseName, rule)
          }
          finished.learningRate = row.trains ? selection?.learningRate(of: row.baseName) : nil
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
      }
      record.strategies.append(finished)
      record.strategies.sort { order[$0.name, default: wanted.count] < order[$1.name, default: wanted.count] }
      try saveWithLedger(&record)
      // What it served is in the record now; a failure may be looked into.
      if finished.failure == nil, let checkpoint = checkpoint(of: row) { try? Folder.remove(checkpoint) }
    }
    if let probe, record.shortcut == nil {
      record.shortcut = probe.run(training: fitting.fittable.labelledRecords, test: testRecords)
      try saveWithLedger(&record)
    }
  }

  /// The chosen row's own answers; nothing is fitted for it.
  private func chosenInside(_ row: ExperimentDesign.Row, _ selection: InnerSelection?, in record: FoldRecord) -> FoldRecord.Strategy {
    guard let chosen = selection?.chosen, var taken = record[chosen.strategy] else {
      return FoldRecord.Strategy(name: row.entry.name, failure: "no candidate has a score on the inner folds")
    }
    taken.name = row.entry.name
    taken.chosenStrategy = chosen.strategy
    taken.curve = []
    taken.seconds = 0
    taken.peakBytes = nil
    return taken
  }

  private func checkpoint(of row: ExperimentDesign.Row) -> String? {
    checkpointFolder.map { "\($0)/\(fold.name.fileStem)-\(row.entry.name.fileStem).checkpoint" }
  }

  private var testRecords: [ScanRecord] {
    fold.test.labelledRecords.filter { record in
      design.targets.contains(record.scanner) || (design.sources.contains(record.scanner) && !excluded.contains(record.patient))
    }
  }

  private func scored(
    _ row: ExperimentDesign.Row, _ outcome: AdaptationRun.Result, _ record: inout FoldRecord
  ) throws -> FoldRecord.Strategy {
    let records = testRecords
    observer.report(.predicting(scans: records.count))
    let predictor = Predictor(loader: fitting.loader, budget: fitting.budget)
    let answers = try predictor.predict(outcome.adapted, on: records)
    for scan in answers.unreadable + outcome.report.unreadable {
      let entry = FoldRecord.UnreadableScanEntry(path: scan.path, reason: scan.reason)
      if !record.unreadable.contains(entry) { record.unreadable.append(entry) }
    }
    let training = design.configuration.unit.applied(to: try predictor.predict(outcome.adapted, on: trainingScoreRecords).predictions)
    return FoldRecord.Strategy(
      name: row.entry.name, predictions: answers.predictions, trainingScores: design.metrics.map { $0.value(of: training) },
      trainedParameters: outcome.report.trainedParameters, trainedShare: outcome.report.trainedShare,
      seconds: outcome.report.seconds, peakBytes: outcome.report.peakBytes,
      curve: outcome.metrics.map {
        LearningCurve.Point(
          epoch: $0.epoch, trainingLoss: $0.trainingLoss.flatMap(finite), validationLoss: $0.validationLoss.flatMap(finite))
      },
      chosenEpoch: outcome.report.chosenEpoch,
      notes: notes(outcome.report) + answers.packs.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" })
  }

  /// The same scans for every strategy of the fold.
  private var trainingScoreRecords: [ScanRecord] {
    let labelled = fitting.fittable.labelledRecords
    let limit = design.configuration.trainingScoreScans
    guard labelled.count > limit else { return labelled }
    var stream = RandomStream(seed: design.configuration.seed, purpose: "training score", epoch: number)
    let chosen = labelled.indices.shuffled(using: &stream).prefix(limit).sorted()
    return chosen.map { labelled[$0] }
  }

  private func notes(_ report: AdaptationReport) -> [String] {
    var notes = report.findings
    if !report.unusedLabels.isEmpty { notes.append("no training scan had \(report.unusedLabels.joined(separator: ", "))") }
    if let merge = report.merge {
      notes.append("merging changed outputs by at most \(String(format: "%.1e", merge.largestRelativeError)) of the largest")
    }
    return notes
  }

  private func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }
}

/// The person asked to stop, between two strategies.
struct StopRequested: Error {}

extension ExperimentDesign {
  /// What a fold's inner results choose; nil without nesting.
  func selection(of record: FoldRecord) -> InnerSelection? {
    configuration.nesting.map { _ in InnerSelection(record.inner, candidates: candidates, metric: metrics[0], unit: configuration.unit) }
  }
}
