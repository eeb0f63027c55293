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
    let earlier = design.selection(of: record)
    record.strategies.removeAll { $0.failure != nil }
    record.inner.removeAll { $0.failure != nil }
    func saveWithLedger(_ record: inout FindingsRecord) throws {
      record.ledger = ledger.pages(ofOuter: fold.name)
      try save(record)
    }
    if let nesting = evaluation.configuration.nesting {
      let inner = InnerRun<MultiLabelPrediction>(
        nesting: nesting, candidates: design.candidates, seed: evaluation.configuration.seed, training: fold.training, observer: observer)
      try inner.run(&record, answers: innerAnswers) { try saveWithLedger(&$0) }
    }
    let selection = design.selection(of: record)
    // What was fitted by another choice doesn't stand beside this one.
    if selection != earlier { record.strategies = [] }
    let order = Dictionary(uniqueKeysWithValues: design.rows.enumerated().map { ($1.name, $0) })
    // One that is lost can still be what the inner folds chose here.
    let wanted = { [lost] (name: String) in !lost.contains(name) || name == selection?.chosen?.strategy }
    for (index, row) in design.rows.enumerated() where record[row.name] == nil && wanted(row.name) {
      guard !observer.shouldStop() else { throw StopRequested() }
      observer.report(.strategyBegan(row.name, fold: fold.name, number: index + 1, of: design.rows.count))
      let file = checkpoints.map { "\($0)/\(fold.name.fileStem)-\(row.name.fileStem).checkpoint" }
      do {
        record.strategies.append(try scored(row, at: selection?.learningRate(of: row.name), checkpoint: file, &record))
        if let file { try? Folder.remove(file) }
      } catch let error as FileError {
        throw error
      } catch let error as Interrupted {
        throw error
      } catch let error as CheckpointError {
        throw error
      } catch  where index > 0 {
        observer.report(.strategyFailed(row.name, fold: fold.name, reason: "\(error)"))
        record.strategies.append(.init(name: row.name, failure: "\(error)"))
      }
      record.strategies.sort { order[$0.name, default: order.count] < order[$1.name, default: order.count] }
      try saveWithLedger(&record)
    }
    if let selection { record.strategies = record.strategies.filter { $0.name != ChosenInside.name } + [chosenInside(selection, record)] }
    try saveWithLedger(&record)
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
    for scan in answers.unreadable + outcome.report.unreadable {
      let entry = UnreadablePath(path: scan.path, reason: scan.reason)
      if !record.unreadable.contains(entry) { record.unreadable.append(entry) }
    }
    return FindingsRecord.Strategy(
      name: row.name, predictions: answers.predictions, trainedParameters: outcome.report.trainedParameters,
      trainedShare: outcome.report.trainedShare, seconds: outcome.report.seconds, peakBytes: outcome.report.peakBytes,
      chosenEpoch: outcome.report.chosenEpoch, notes: outcome.report.findings, learningRate: learningRate)
  }

  /// The chosen row's own answers; nothing is fitted for it.
  private func chosenInside(_ selection: InnerSelection, _ record: FindingsRecord) -> FindingsRecord.Strategy {
    guard let chosen = selection.chosen, var taken = record[chosen.strategy] else {
      return .init(name: ChosenInside.name, failure: "no candidate has a score on the inner folds")
    }
    (taken.name, taken.chosenStrategy, taken.seconds, taken.peakBytes) = (ChosenInside.name, chosen.strategy, 0, nil)
    return taken
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
