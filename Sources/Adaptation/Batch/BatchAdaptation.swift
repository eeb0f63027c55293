import Cohorts
import Files
import Foundation
import ModelFiles
import Normalization

/// Adapts one source model to many scanners' folders: a norm pack or a model each, put in place only if it is accepted on held-out
/// patients. Made to be run again every week.
///
/// A folder is judged by cross-fitting (`GatedAdaptation`), against the source model and what is in place for it. If the gate accepts,
/// wholly or in part, the strategy is fitted on all patients and that is written, in one step. What no label could check, and nothing
/// spoke against, is kept apart as unverified unless the caller accepts that. A folder whose scans, model and settings are those of the
/// last run is skipped. One that fails doesn't stop the others.
///
/// Output: `OUT/<folder>.normpack.safetensors` (what `NormPackBank` reads) or `OUT/<folder>.model.safetensors`, the like in
/// `OUT/unverified/`, what each folder was in `OUT/state/<folder>.json`, and `OUT/summary.csv`. `OUT/.lock` is held while running.
public struct BatchAdaptation: Sendable {
  public var run: AdaptationRun
  /// Nil: everything is put in place without being judged.
  public var gate: Gate?
  /// Patient-grouped folds that the gate judges by; fewer where there are fewer patients.
  public var folds: Int
  public var acceptsUnverified: Bool

  public init(_ run: AdaptationRun, gate: Gate? = Gate(), folds: Int = 5, acceptsUnverified: Bool = false) {
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
      for place in ["", "/state", "/unverified"] { AtomicFile.removeLeftovers(in: output + place) }
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
    guard !run.strategy.head.changesLabels else { throw .newHead }
    guard run.strategy.perScanner == nil else { throw .severalScannersAtOnce(strategy: run.strategy.name) }
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
    let gated = GatedAdaptation(run, gate: gate, folds: folds)
    let result = try gated.adapt(
      source, to: cohort, inPlace: modelInPlace(for: name, in: output, source), named: name, loader: loader, ledger: ledger,
      checkpoints: checkpoints, observer: observer
    ) { report(.fold(folder: name, index: $0, of: $1)) }
    outcome.outcome = result.outcome
    outcome.unreadable += result.unreadable
    let isAccepted = result.outcome.accepts(unverified: acceptsUnverified)

    let keptApart = Artefact.fileNames(for: name).map { "unverified/" + $0 }
    var state = FolderState(job: identity, outcome: outcome)
    if let fitted = result.adapted {
      let artefact = try Artefact(fitted, source: source, scanners: cohort.scanners)
      let file = (isAccepted ? "" : "unverified/") + artefact.fileName(for: name)
      outcome.action = isAccepted ? .replaced : .keptApart
      outcome.changeSinceLast = artefact.change(sinceFileAt: "\(output)/\(file)")
      outcome.path = file
      if !isAccepted { try Folder.create("\(output)/unverified") }
      try artefact.write(to: "\(output)/\(file)")
      // What this takes the place of: the other kind of artefact, and where it is accepted what was kept apart.
      let names = Artefact.fileNames(for: name)
      let places = isAccepted ? names + keptApart : keptApart
      for stale in places where stale != file { try Folder.remove("\(output)/\(stale)") }
      state.file = file
      state.fileHash = try ContentHash(ofFileAt: "\(output)/\(file)")
    } else {
      // What an earlier run couldn't check is refused now; what is in place stays.
      for stale in keptApart { try Folder.remove("\(output)/\(stale)") }
    }
    state.outcome = outcome
    try Folder.create("\(output)/state")
    try AtomicFile.write(try state.encoded(), to: statePath)
    try Folder.remove(checkpoints)
    return outcome
  }

  /// What an earlier run put in place for a folder, where it can be read and answers in the source's labels.
  private func modelInPlace(for name: String, in output: String, _ source: Model) -> Model? {
    for file in Artefact.fileNames(for: name) {
      let path = "\(output)/\(file)"
      let model =
        file.hasSuffix(NormPack.fileSuffix)
        ? try? NormPack(contentsOf: path).applied(to: source, file: path) : try? ModelLoader.load(path).model
      if let model, model.card.labels == source.card.labels { return model }
    }
    return nil
  }

  private func identity(of cohort: Cohort, _ source: Model, _ loader: ScanLoader) throws -> ContentHash {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    var lines = ["scanadapt folder 1", "folds \(folds)", "unverified \(acceptsUnverified)", "\(cohort.patientIdentity)"]
    lines.append(try gate.map { String(decoding: try encoder.encode($0), as: UTF8.self) } ?? "ungated")
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
  /// The strategy adapts to several scanners at once, and a batch to one after the other.
  case severalScannersAtOnce(strategy: String)

  public var description: String {
    switch self {
    case .noFolders: "found no folder with a manifest; expected at least one"
    case .repeatedName(let name): "found two folders named '\(name)'; expected each name once, since it names the folder's results"
    case .unusableName(let name): "found a folder named '\(name)'; expected a plain name that doesn't begin with a dot"
    case .severalScannersAtOnce(let strategy):
      "found \(strategy), which trains on several scanners at once, in a batch; expected a single run on all of them"
    case .newHead:
      "found the head policy 'new' in a batch; expected 'keep' or 'train', since each result is judged against the source model's answers"
    }
  }
}
