import Cohorts
import Evaluation
import Files
import Foundation
import ModelFiles

/// Adapts one source model to many scanners' folders: a norm pack or a model each, put in place only if it is accepted on held-out
/// patients. Made to be run again every week.
///
/// A folder with labels is judged by cross-fitting: each fold's patients are predicted by a model adapted on the others, and compared
/// with the source model's predictions of the same scans. If the gate accepts, the strategy is fitted on all patients and that is
/// written, in one step. Without labels it is fitted on all scans, compared on those same scans, and kept apart as unverified unless the
/// caller accepts that. A folder whose scans, model and settings are those of the last run is skipped. One that fails doesn't stop the
/// others.
///
/// Output: `OUT/<folder>.normpack.safetensors` (what `NormPackBank` reads) or `OUT/<folder>.model.safetensors`, the like in
/// `OUT/unverified/`, what each folder was in `OUT/state/<folder>.json`, and `OUT/summary.csv`. `OUT/.lock` is held while running.
public struct BatchAdaptation: Sendable {
  public var run: AdaptationRun
  public var gate: Gate
  /// Patient-grouped folds that the gate judges by; fewer where there are fewer patients.
  public var folds: Int
  public var acceptsUnverified: Bool

  public init(_ run: AdaptationRun, gate: Gate = Gate(), folds: Int = 5, acceptsUnverified: Bool = false) {
    precondition(folds >= 2, "\(folds) folds hold nothing out")
    self.run = run
    self.gate = gate
    self.folds = folds
    self.acceptsUnverified = acceptsUnverified
  }

  /// What a person may want to see while it runs.
  public enum Event: Sendable {
    case began(folder: String, index: Int, of: Int)
    case fold(folder: String, index: Int, of: Int)
    case ended(FolderOutcome)
  }

  /// - Parameters:
  ///   - output: the folder of results; made where it is missing.
  ///   - ledger: records which patients were used for what.
  ///   - since: the time written into the lock for others to read.
  /// - Throws: `FileLockError.held` naming the holder; `Interrupted`; `FileError` where the output folder can't be made or
  ///   `summary.csv` can't be written (a folder whose own files can't be is a failed folder); `BatchError`.
  public func adapt(
    _ source: Model, to folders: [FolderJob], output: String, loader: ScanLoader, ledger: Ledger = Ledger(), since: String,
    observer: TrainingObserver = TrainingObserver(), report: (Event) -> Void = { _ in }
  ) throws -> BatchSummary {
    try checkNames(folders)
    try Folder.create(output)
    return try withFileLock("\(output)/.lock", since: since) {
      var outcomes: [FolderOutcome] = []
      var folderOfScanner: [ScannerID: String] = [:]
      for (index, job) in folders.enumerated() {
        report(.began(folder: job.name, index: index, of: folders.count))
        var outcome: FolderOutcome
        do {
          let cohort = try job.cohort()
          guard !cohort.records.isEmpty else { throw ScannerFolderError.noScans }
          for scanner in cohort.scanners {
            if let other = folderOfScanner.updateValue(job.name, forKey: scanner) {
              throw ScannerFolderError.scannerTwice(scanner, other: other)
            }
          }
          outcome = try adapt(source, to: cohort, named: job.name, output: output, loader, ledger, observer, report)
        } catch let stop as Interrupted {
          throw stop
        } catch {
          outcome = FolderOutcome(folder: job.name, action: .failed)
          outcome.error = "\(error)"
        }
        outcomes.append(outcome)
        report(.ended(outcome))
      }
      let summary = BatchSummary(outcomes: outcomes)
      try AtomicFile.write(summary.csv, to: "\(output)/summary.csv")
      return summary
    }
  }

  private func checkNames(_ folders: [FolderJob]) throws(BatchError) {
    guard !folders.isEmpty else { throw .noFolders }
    guard run.strategy.head != .new else { throw .newHead }
    var seen: Set<String> = []
    for folder in folders {
      guard !folder.name.isEmpty, !folder.name.hasPrefix("."), !folder.name.contains("/") else { throw .unusableName(folder.name) }
      guard seen.insert(folder.name).inserted else { throw .repeatedName(folder.name) }
    }
  }

  private func adapt(
    _ source: Model, to cohort: Cohort, named name: String, output: String, _ loader: ScanLoader, _ ledger: Ledger,
    _ observer: TrainingObserver, _ report: (Event) -> Void
  ) throws -> FolderOutcome {
    let statePath = "\(output)/state/\(name).json"
    let identity = try identity(of: cohort, source, loader)
    if let last = FolderState.read(statePath), last.job == identity, last.isIntact(in: output) {
      var outcome = last.outcome
      outcome.action = .unchanged
      return outcome
    }

    var outcome = FolderOutcome(folder: name, action: .refused)
    outcome.scanners = cohort.scanners.map(\.rawValue)
    outcome.patients = cohort.patients.count
    outcome.scans = cohort.count
    outcome.unreadable = cohort.unavailable.map(UnreadableScan.init)
    let checkpoints = "\(output)/.checkpoints/\(name)"
    let fitAll = {
      try run.adapt(
        source, to: cohort.allForFitting(ledger, under: name), loader: loader, checkpoint: try checkpoint(checkpoints, "all"),
        observer: observer)
    }
    var fitted: AdaptationRun.Result?
    if cohort.labels.isEmpty {
      fitted = try fitAll()
      outcome.outcome = try compareUnlabelled(source, fitted!.model, cohort, loader, &outcome)
    } else {
      outcome.outcome = try judge(source, cohort, name, checkpoints, loader, ledger, observer, &outcome, report)
    }
    let isAccepted = outcome.outcome!.accepts(unverified: acceptsUnverified)
    if isAccepted, fitted == nil { fitted = try fitAll() }

    var state = FolderState(job: identity, outcome: outcome)
    if let fitted {
      let artefact = try Artefact(fitted, source: source, scanners: cohort.scanners)
      let file = (isAccepted ? "" : "unverified/") + artefact.fileName(for: name)
      outcome.action = isAccepted ? .replaced : .keptApart
      outcome.changeSinceLast = artefact.change(sinceFileAt: "\(output)/\(file)")
      outcome.path = file
      if !isAccepted { try Folder.create("\(output)/unverified") }
      try artefact.write(to: "\(output)/\(file)")
      // What this takes the place of: the other kind of artefact, and where it is accepted what was kept apart.
      let names = Artefact.fileNames(for: name)
      let places = isAccepted ? names + names.map { "unverified/" + $0 } : names.map { "unverified/" + $0 }
      for stale in places where stale != file { try Folder.remove("\(output)/\(stale)") }
      state.file = file
      state.fileHash = try ContentHash(ofFileAt: "\(output)/\(file)")
    }
    state.outcome = outcome
    try Folder.create("\(output)/state")
    try AtomicFile.write(try state.encoded(), to: statePath)
    try Folder.remove(checkpoints)
    return outcome
  }

  /// Cross-fits and lets the gate decide.
  private func judge(
    _ source: Model, _ cohort: Cohort, _ name: String, _ checkpoints: String, _ loader: ScanLoader, _ ledger: Ledger,
    _ observer: TrainingObserver, _ outcome: inout FolderOutcome, _ report: (Event) -> Void
  ) throws -> GateOutcome {
    guard cohort.patients.count >= 2 else { return .judged(gate.rule.verdict(on: nil), nil) }
    let plan = FoldPlan.grouped(folds: min(folds, cohort.patients.count), seed: run.training.seed)
    let division = try cohort.folds(plan, ledger: ledger, under: "\(name) gate")
    let predictor = Predictor(loader: loader, budget: run.budget)
    var candidate: [[Prediction]] = []
    var reference: [[Prediction]] = []
    for fold in division.folds {
      report(.fold(folder: name, index: fold.index, of: division.folds.count))
      let adapted = try run.adapt(
        source, to: fold.training, validatingOn: fold.validation, loader: loader,
        checkpoint: try checkpoint(checkpoints, "fold\(fold.index)"),
        observer: observer)
      let answers = try predictor.predict(adapted.model, on: fold.test.labelledRecords)
      candidate.append(answers.predictions)
      reference.append(try predictor.predict(source, on: fold.test.labelledRecords).predictions)
      outcome.unreadable += answers.unreadable
    }
    return try gate.judge(candidate: candidate, reference: reference)
  }

  private func compareUnlabelled(
    _ source: Model, _ adapted: Model, _ cohort: Cohort, _ loader: ScanLoader, _ outcome: inout FolderOutcome
  ) throws -> GateOutcome {
    let predictor = Predictor(loader: loader, budget: run.budget)
    let answers = try predictor.predict(adapted, on: cohort.records, labels: .whereKnown)
    outcome.unreadable += answers.unreadable
    let before = try predictor.predict(source, on: cohort.records, labels: .whereKnown)
    return try gate.judge(candidate: [answers.predictions], reference: [before.predictions])
  }

  private func checkpoint(_ folder: String, _ name: String) throws(FileError) -> String {
    try Folder.create(folder)
    return "\(folder)/\(name).safetensors"
  }

  private func identity(of cohort: Cohort, _ source: Model, _ loader: ScanLoader) throws -> ContentHash {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    var lines = ["scanadapt folder 1", "folds \(folds)", "unverified \(acceptsUnverified)", "\(cohort.patientIdentity)"]
    lines.append(String(decoding: try encoder.encode(gate), as: UTF8.self))
    // Of the run, these decide a folder's result but not a checkpoint's: there each scan's role is listed, and the card comes last.
    lines += ["validation \(run.validationFraction)", "pseudonyms \(run.pseudonyms?.keyID ?? "none")"]
    lines += try RunIdentity.lines(for: run, source)
    lines += zip(cohort.records, loader.contentHashes(of: cohort.records)).map { RunIdentity.line(for: $0, as: "scan", $1) }
    lines += cohort.unavailable.map { "unavailable \($0.path)" }
    return ContentHash(of: lines.joined(separator: "\n"))
  }
}

/// A batch that can't begin.
public enum BatchError: Error, Hashable, Sendable, CustomStringConvertible {
  case noFolders
  case repeatedName(String)
  case unusableName(String)
  /// The source model has no answers in a new head's labels to compare with.
  case newHead

  public var description: String {
    switch self {
    case .noFolders: "found no folder with a manifest; expected at least one"
    case .repeatedName(let name): "found two folders named '\(name)'; expected each name once, since it names the folder's results"
    case .unusableName(let name): "found a folder named '\(name)'; expected a plain name that doesn't begin with a dot"
    case .newHead:
      "found the head policy 'new' in a batch; expected 'keep' or 'train', since each result is judged against the source model's answers"
    }
  }
}
