import Adaptation
import Cohorts
import Evaluation
import Files

/// An evaluation whose folds are decided: each can be run by itself, anywhere and in any order, and all of them gathered.
public struct PlannedEvaluation: Sendable {
  let experiment: CrossValidation
  /// As it was read.
  let cohort: Cohort
  let design: ExperimentDesign
  public let folds: [Fold]
  let warnings: [FoldWarning]
  let sourcePatients: SourcePatientCheck
  /// SHA-256 of everything that decides the folds' bits.
  public let identity: String
  let folder: RunFolder?
  let ledger: Ledger
  private let probe: ShortcutProbe?

  init(
    experiment: CrossValidation, cohort: Cohort, design: ExperimentDesign, folds: [Fold], warnings: [FoldWarning],
    sourcePatients: SourcePatientCheck, identity: String, folder: RunFolder?, ledger: Ledger
  ) {
    self.experiment = experiment
    self.cohort = cohort
    self.design = design
    self.folds = folds
    self.warnings = warnings
    self.sourcePatients = sourcePatients
    self.identity = identity
    self.folder = folder
    self.ledger = ledger
    probe =
      design.configuration.probesShortcuts ? ShortcutProbe(classes: design.classes, limits: experiment.loader.limits) : nil
  }

  /// Runs one fold, or what its record in the folder lacks.
  /// - Parameter index: from 0, through all repetitions.
  /// - Throws: `ExperimentError.noFold`, `ExperimentStopped`, `FileError`, and whatever scoring the baseline throws.
  public func run(fold index: Int, observer: ExperimentObserver = ExperimentObserver()) throws -> FoldRecord {
    guard folds.indices.contains(index) else { throw ExperimentError.noFold(number: index + 1, of: folds.count) }
    let fold = folds[index]
    observer.report(.foldBegan(fold.name, number: index + 1, of: folds.count))
    var record = emptyRecord(fold)
    if let kept = try kept(fold) {
      observer.report(.foldTakenUp(fold.name, strategies: kept.strategies.map(\.name)))
      record = kept
      ledger.take(kept)
    }
    let fitting = Fitting(
      design: design, model: experiment.model, loader: experiment.loader, budget: experiment.budget, training: fold.training,
      test: fold.test, observer: observer)
    let run = FoldRun(
      design: design, fold: fold, number: index, fitting: fitting, excluded: sourcePatients.knownOnSources, ledger: ledger, probe: probe,
      observer: observer, checkpointFolder: try folder?.checkpoints())
    func stopped() -> ExperimentStopped {
      let finished = folder == nil ? index : folds.count { (try? kept($0)).flatMap { $0 }.map(isComplete) ?? false }
      return ExperimentStopped(finishedFolds: finished, folds: folds.count, folder: folder?.path)
    }
    do {
      try run.run(&record) { try folder?.write($0) }
    } catch is StopRequested {
      throw stopped()
    } catch is Interrupted {
      throw stopped()
    }
    return record
  }

  /// The folds' records as the folder has them, finished or not; nil where a fold wasn't begun.
  public func kept() throws -> [FoldRecord?] { try folds.map(kept) }

  private func kept(_ fold: Fold) throws -> FoldRecord? {
    try folder?.foldAnswers(fold.name, of: identity)
  }

  /// Whether every row has its answers, or its failure.
  func isComplete(_ record: FoldRecord) -> Bool {
    let wanted = design.rows.filter { $0.entry.notApplicable == nil }.map(\.entry.name)
    return Set(wanted).isSubset(of: record.strategies.map(\.name)) && (probe == nil || record.shortcut != nil)
  }

  private func emptyRecord(_ fold: Fold) -> FoldRecord {
    let training =
      design.configuration.protocolName == .unseenScanner
      ? fold.training : fold.training.filtered { design.targets.contains($0.scanner) }
    let test = fold.test.records.filter { design.targets.contains($0.scanner) }
    return FoldRecord(
      configuration: identity, fold: fold.name, trainingPatients: training.patients.count, trainingScans: training.count,
      testPatients: Set(test.map(\.patient)).count, testScans: test.count, strategies: [])
  }

  /// `folds.csv` before anything ran: as it will be afterwards.
  var foldsCSV: String { EvaluationResult.foldsCSV(of: folds.map { FoldSummary(emptyRecord($0)) }) }
}

extension FoldSummary {
  init(_ record: FoldRecord) {
    self.init(
      name: record.fold.short, trainingPatients: record.trainingPatients, trainingScans: record.trainingScans,
      testPatients: record.testPatients, testScans: record.testScans)
  }
}
