import Adaptation
import Cohorts
import Experiments
import Files
import Foundation
import ModelFiles

/// One adaptation on all patients of a cohort, with its run folder: `model.safetensors`, `config.yaml`, `metrics.csv`, `adaptation.json`,
/// `ledger.csv`, `run.json`. Stopped, it leaves a checkpoint that the same command continues from.
struct SingleRun {
  let run: AdaptationRun
  let source: Model
  let cohort: Cohort
  let output: String
  let command: AdaptCommand

  func execute() throws {
    let pseudonyms = try run.pseudonyms ?? command.privacy.pseudonyms()
    let unreadable = try RunFolder.withFolder(at: output, describedBy: try description(pseudonyms)) { folder in
      guard !Folder.holds("model.safetensors", in: folder.path) else { throw RunFolderError.finished(folder: folder.path) }
      let ledger = Ledger()
      let progress = ProgressLine(isQuiet: command.compute.quiet)
      try Folder.create("\(folder.path)/checkpoints")
      let result = try run.adapt(
        source, to: cohort.allForFitting(ledger), loader: try command.compute.loader(for: source),
        checkpoint: "\(folder.path)/checkpoints/training.safetensors", observer: .terminal(progress))
      progress.clear()
      try write(result, to: folder, ledger, pseudonyms)
      try Folder.remove("\(folder.path)/checkpoints")
      report(result.report, in: folder)
      return result.report.unreadable
    }
    try Outcome(hasFailures: !unreadable.isEmpty || !cohort.unavailable.isEmpty).finish()
  }

  private func description(_ pseudonyms: Pseudonyms) throws -> RunDescription {
    try .ofThisCommand(
      seed: command.compute.seedValue, inputs: [("model", command.model.model)] + command.scans.manifests.map { ("manifest", $0) },
      pseudonyms)
  }

  private func write(_ result: AdaptationRun.Result, to folder: RunFolder, _ ledger: Ledger, _ pseudonyms: Pseudonyms) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try folder.write(try ConfigurationFile.text(of: run.training), named: "config.yaml")
    let rows = [EpochMetrics.csvHeader] + result.metrics.map(\.csvRow)
    try folder.write(rows.joined(separator: "\n") + "\n", named: "metrics.csv")
    try folder.write(String(decoding: try encoder.encode(result.report), as: UTF8.self) + "\n", named: "adaptation.json")
    try ledger.write(to: "\(folder.path)/ledger.csv", pseudonyms: pseudonyms)
    // Last: where it is, the run is finished.
    try ModelWriter.write(result.model, to: "\(folder.path)/model.safetensors")
  }

  private func report(_ report: AdaptationReport, in folder: RunFolder) {
    let share = String(format: "%.2f %%", 100 * report.trainedShare)
    var lines = [
      "\(report.strategy): \(report.summary)", "statistics: \(report.statistics)",
      "fitted on \(report.patients) patients, \(report.scans) scans (\(report.labelledScans) labelled); head: \(report.head.rawValue)",
      "trained \(report.trainedParameters) parameters (\(share))"
        + (report.epochs > 0 ? ", \(report.epochs) epochs" : "")
        + (report.seconds.map { String(format: ", %.1f s", $0) } ?? ""),
    ]
    if let change = report.rewriteChange { lines.append(String(format: "largest change of an output before training: %.3g", change)) }
    if !report.unusedLabels.isEmpty { lines.append("labels that no scan bears: \(report.unusedLabels.joined(separator: ", "))") }
    lines.append("written: \(folder.path)/model.safetensors")
    Terminal.result(lines.joined(separator: "\n"))
    FailureList(report.unreadable).print()
  }
}
