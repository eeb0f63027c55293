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
    let steps = FoldSteps<Prediction>(fold: fold, ledger: ledger, observer: observer, checkpointFolder: checkpointFolder)
    let inner = InnerFitting(design, fitting, observer)
    let selection = try steps.choose(
      &record,
      by: design.configuration.nesting.map {
        InnerRun(
          nesting: $0, candidates: design.candidates, seed: design.configuration.seed, training: fitting.training, observer: observer)
      }, answers: inner.answers, selection: design.selection, save: save)
    let wanted = design.rows.filter { $0.entry.notApplicable == nil }.map { $0.training(at: selection?.learningRate(of: $0.baseName)) }
    var base: Model? = design.base == .headFittedOnSources ? nil : fitting.model
    try steps.add(wanted.map(\.entry.name), to: &record, save: save) { index in
      if index > 0, base == nil { base = try fitting.fitted(wanted[0], from: fitting.model).model }
    } answers: { index, checkpoint, record in
      let row = wanted[index]
      guard row.kind != .chosenInside else { return record.chosen(by: selection, named: row.entry.name) }
      let isBaseline = row.kind == .baseline
      let outcome = try fitting.fitted(row, from: isBaseline ? fitting.model : base!, checkpoint: checkpoint)
      if isBaseline, design.base == .headFittedOnSources { base = outcome.model }
      var finished = try scored(row, outcome, &record)
      if let rule = design.configuration.nesting?.threshold, !row.isTransductiveCompanion {
        finished.threshold = selection?.threshold(of: row.baseName, rule)
      }
      finished.learningRate = row.trains ? selection?.learningRate(of: row.baseName) : nil
      return finished
    }
    if let probe, record.shortcut == nil {
      record.shortcut = probe.run(training: fitting.fittable.labelledRecords, test: testRecords)
      try steps.save(&record, save)
    }
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
    record.unreadable.note(answers.unreadable + outcome.report.unreadable)
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

extension ExperimentDesign {
  /// What a fold's inner results choose; nil without nesting.
  func selection(of record: FoldRecord) -> InnerSelection? {
    configuration.nesting.map { _ in InnerSelection(record.inner, candidates: candidates, metric: metrics[0], unit: configuration.unit) }
  }
}
