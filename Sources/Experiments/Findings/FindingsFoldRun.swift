import Adaptation
import Cohorts
import Evaluation
import Files
import ModelFiles

/// A fold's answers of several findings a scan.
public typealias FindingsRecord = FoldAnswers<MultiLabelPrediction>

/// One fold of an evaluation of findings: each row fitted on its training patients and asked about its test scans.
struct FindingsFoldRun {
  let design: FindingsDesign
  let evaluation: FindingsEvaluation
  let fold: Fold
  /// Rows that failed in an earlier fold and can't be compared any more.
  let lost: Set<String>
  let ledger: Ledger
  let observer: ExperimentObserver
  /// Where a stopped training leaves its state; nil keeps none.
  let checkpoints: String?

  /// Runs what the record lacks, or holds as failed, and hands it out after each step.
  /// - Throws: `StopRequested`, `Interrupted`, `FileError`, `CheckpointError`, and whatever the baseline throws.
  func run(_ record: inout FindingsRecord, save: (FindingsRecord) throws -> Void) throws {
    let steps = FoldSteps<MultiLabelPrediction>(fold: fold, ledger: ledger, observer: observer, checkpointFolder: checkpoints)
    let selection = try steps.choose(
      &record,
      by: evaluation.configuration.nesting.map {
        InnerRun(
          nesting: $0, candidates: design.candidates, seed: evaluation.configuration.seed, training: fold.training, observer: observer)
      }, answers: innerAnswers, selection: design.selection, save: save)
    // One that is lost can still be what the inner folds chose here.
    let wanted = { [lost] (name: String) in !lost.contains(name) || name == selection?.chosen?.strategy }
    try steps.add(design.rows.map(\.name), to: &record, where: wanted, save: save) { index, checkpoint, record in
      let row = design.rows[index]
      return try scored(row, at: selection?.learningRate(of: row.name), checkpoint: checkpoint, &record)
    }
    if let selection {
      record.strategies.removeAll { $0.name == ChosenInside.name }
      record.strategies.append(record.chosen(by: selection, named: ChosenInside.name))
    }
    try steps.save(&record, save)
  }

  private func fitted(
    _ row: ExperimentStrategy, at learningRate: Double?, on training: TrainingScans, checkpoint: String? = nil
  ) throws -> AdaptationRun.Result {
    guard row.strategy.perScanner == nil else {
      throw ExperimentError.contradiction(
        "several findings a scan are answered by one model; found \(row.name), which keeps a pack for each scanner")
    }
    var configuration = row.training ?? row.strategy.defaultTraining
    if let learningRate { configuration.learningRate = learningRate }
    let run = AdaptationRun(
      row.strategy, training: configuration, newHeadLabels: design.findings, validationFraction: row.validationFraction,
      budget: evaluation.budget)
    return try run.adapt(
      evaluation.model, to: training, loader: evaluation.loader, checkpoint: checkpoint,
      observer: observer.observing { ExperimentEvent.training($0) })
  }

  private func innerAnswers(of candidate: Candidate, on inner: InnerFold) throws -> [MultiLabelPrediction] {
    let row = design.rows.first { $0.name == candidate.strategy }!
    let model = try fitted(row, at: candidate.learningRate, on: inner.training).model
    return try Predictor(loader: evaluation.loader, budget: evaluation.budget)
      .predictFindings(model, on: inner.selection.labelledRecords).predictions
  }

  private func scored(
    _ row: ExperimentStrategy, at learningRate: Double?, checkpoint: String?, _ record: inout FindingsRecord
  ) throws -> FindingsRecord.Strategy {
    let outcome = try fitted(row, at: learningRate, on: fold.training, checkpoint: checkpoint)
    observer.report(.predicting(scans: fold.test.labelledRecords.count))
    let answers = try Predictor(loader: evaluation.loader, budget: evaluation.budget)
      .predictFindings(outcome.model, on: fold.test.labelledRecords)
    record.unreadable.note(answers.unreadable + outcome.report.unreadable)
    return FindingsRecord.Strategy(
      name: row.name, predictions: answers.predictions, trainedParameters: outcome.report.trainedParameters,
      trainedShare: outcome.report.trainedShare, seconds: outcome.report.seconds, peakBytes: outcome.report.peakBytes,
      chosenEpoch: outcome.report.chosenEpoch, notes: outcome.report.findings, learningRate: learningRate)
  }
}

extension FindingsRecord {
  /// Of a fold that nothing was done in yet.
  init(_ fold: Fold, of identity: String) {
    self.init(
      configuration: identity, fold: fold.name, trainingPatients: fold.training.patients.count, trainingScans: fold.training.count,
      testPatients: Set(fold.test.records.map(\.patient)).count, testScans: fold.test.records.count, strategies: [])
  }
}
