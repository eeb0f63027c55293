import Adaptation
import Cohorts
import Foundation
import ModelFiles

/// A batch as a person runs it: progress, a table of what became of each folder, the exit code.
struct BatchRun {
  let run: AdaptationRun
  let source: Model
  let jobs: [FolderJob]
  let output: String
  let command: AdaptCommand

  func execute() throws {
    let batch = BatchAdaptation(run, gate: command.gate, folds: command.gateFolds, acceptsUnverified: command.acceptUnverified)
    let progress = ProgressLine(isQuiet: command.compute.quiet)
    let observer = TrainingObserver.terminal(progress)
    let ledger = Ledger()
    let summary = try batch.adapt(
      source, to: jobs, output: output, loader: try command.compute.loader(for: source), ledger: ledger, since: Date.now.ISO8601Format(),
      observer: observer
    ) { event in
      switch event {
      case .began(let folder, let index, let count): progress.show("folder \(index + 1) of \(count): \(folder)")
      case .fold(let folder, let index, let count): progress.show("\(folder): fold \(index + 1) of \(count)")
      case .ended: progress.clear()
      }
    }
    progress.clear()
    // A run that left every folder unchanged used no scan, and the last one's ledger stays.
    if !ledger.entries.isEmpty {
      try ledger.write(to: "\(output)/ledger.csv", pseudonyms: try run.pseudonyms ?? command.privacy.pseudonyms())
    }
    Terminal.result(command.compute.json ? try Terminal.json(summary.outcomes) : Self.table(summary))
    FailureList(summary.outcomes.flatMap(\.unreadable)).print()
    try Outcome(hasNegativeVerdict: summary.hasRefusals, hasFailures: summary.hasFailures).finish()
  }

  private static func table(_ summary: BatchSummary) -> String {
    let width = max(summary.outcomes.map(\.folder.count).max() ?? 6, 6)
    let header =
      "\("folder".padding(toLength: width, withPad: " ", startingAt: 0))  action       verdict           patients  scans  file or error"
    let rows = summary.outcomes.map { outcome in
      [
        outcome.folder.padding(toLength: width, withPad: " ", startingAt: 0),
        outcome.action.rawValue.padding(toLength: 11, withPad: " ", startingAt: 0),
        (outcome.outcome?.decision.rawValue ?? "–").padding(toLength: 16, withPad: " ", startingAt: 0),
        String(format: "%8d  %5d", outcome.patients ?? 0, outcome.scans ?? 0), outcome.error ?? outcome.path ?? "",
      ].joined(separator: "  ")
    }
    let reasons = summary.outcomes.compactMap { outcome in outcome.outcome.map { "\(outcome.folder): \($0)" } }
    return ([header] + rows + [""] + reasons).joined(separator: "\n")
  }
}
