import Adaptation
import Cohorts
import Experiments
import Files
import Foundation
import ModelFiles

/// One adaptation on all patients of a cohort, with its run folder: `model.safetensors`, `config.yaml`, `metrics.csv`, `adaptation.json`,
/// `gate.json`, `ledger.csv`, `run.json`, `adapter/` where a low-rank one trained. What the gate calls unverified is in `unverified/`, what
/// it refuses isn't there. Finished where there is a model in either place. Stopped, it leaves a checkpoint that the same command continues from.
struct SingleRun {
  let run: AdaptationRun
  let source: Model
  let cohort: Cohort
  let output: String
  let command: AdaptCommand

  func execute() throws {
    let pseudonyms = try run.pseudonyms ?? command.privacy.pseudonyms()
    // Fresh weights aren't answers to compare with.
    let gate = command.model.fromScratch == nil ? command.gate : nil
    let gated = GatedAdaptation(run, gate: gate, folds: command.gateFolds)
    let (outcome, unreadable) = try RunFolder.withFolder(at: output, describedBy: try description(pseudonyms)) { folder in
      guard !["", "/unverified"].contains(where: { Folder.holds("model.safetensors", in: folder.path + $0) }) else {
        throw RunFolderError.finished(folder: folder.path)
      }
      // What a killed run began to keep apart is none of this one's.
      try Folder.remove("\(folder.path)/unverified")
      let ledger = Ledger()
      let progress = ProgressLine(isQuiet: command.compute.quiet)
      let checkpoints = "\(folder.path)/checkpoints"
      let result = try gated.adapt(
        source, to: cohort, named: "adapt", loader: try command.compute.loader(for: source), ledger: ledger, checkpoints: checkpoints,
        observer: .terminal(progress)
      ) { progress.show("gate: fold \($0 + 1) of \($1)") }
      progress.clear()
      if command.model.fromScratch == nil {
        try folder.write(try Terminal.json(Numbered(result.outcome, format: 1)) + "\n", named: "gate.json")
      }
      try ledger.write(to: "\(folder.path)/ledger.csv", pseudonyms: pseudonyms)
      if let adapted = result.adapted {
        let isAccepted = result.outcome.accepts(unverified: command.acceptUnverified)
        let place = isAccepted ? "" : "unverified/"
        if !isAccepted { try Folder.create("\(folder.path)/unverified") }
        try write(adapted, to: folder, in: place)
        var written = "\(folder.path)/\(place)model.safetensors"
        if let packs = adapted.packs {
          written += " and \(folder.path)/\(place)packs (\(packs.packs.map(\.scanner.rawValue).joined(separator: ", ")); predict --packs)"
        }
        report(adapted.report, written: written, result.outcome)
      } else {
        Terminal.result("\(run.strategy.name): \(result.outcome)\nwritten: \(folder.path)/gate.json, and no model")
      }
      try Folder.remove(checkpoints)
      FailureList(result.unreadable).print()
      return (result.outcome, result.unreadable)
    }
    try Outcome(
      hasNegativeVerdict: outcome.decision == .refused, hasFailures: !unreadable.isEmpty || !cohort.unavailable.isEmpty
    ).finish()
  }

  private func description(_ pseudonyms: Pseudonyms) throws -> RunDescription {
    try .ofThisCommand(
      seed: command.compute.seedValue, inputs: [("model", command.model.model)] + command.scans.manifests.map { ("manifest", $0) },
      labelMappings: command.scans.labelMappings, pseudonyms)
  }

  private func write(_ result: AdaptationRun.Result, to folder: RunFolder, in place: String) throws {
    try folder.write(try ConfigurationFile.text(of: run.training), named: "config.yaml")
    let rows = [EpochMetrics.csvHeader] + result.metrics.map(\.csvRow)
    try folder.write(rows.joined(separator: "\n") + "\n", named: "metrics.csv")
    try folder.write(try Terminal.json(Numbered(result.report, format: 1)) + "\n", named: "adaptation.json")
    if let packs = result.packs {
      try Folder.create("\(folder.path)/\(place)packs")
      for pack in packs.packs { try pack.write(to: "\(folder.path)/\(place)packs/\(pack.fileName)") }
    }
    if let unmerged = result.unmerged, let adapter = LowRankAdapter(in: unmerged, startingFrom: source) {
      try adapter.write(toFolder: "\(folder.path)/\(place)adapter")
    }
    // Last: where it is, the run is finished.
    try ModelWriter.write(result.model, to: "\(folder.path)/\(place)model.safetensors")
  }

  /// The layers that moved furthest for their size; all of them are in `adaptation.json`.
  private func moved(_ changes: [LayerChange]) -> String? {
    let layers = changes.filter { $0.part != .statistics }
    let named = layers.filter { $0.relativeNorm != nil }.sorted { $0.relativeNorm! > $1.relativeNorm! }.prefix(5).map {
      "\($0.layer) by " + String(format: "%.2g %%", 100 * $0.relativeNorm!) + ($0.part == .affine ? " (gamma and beta)" : "")
    }
    return named.isEmpty ? nil : "\(layers.count) layers moved, most of their norm: \(named.joined(separator: ", "))"
  }

  private func report(_ report: AdaptationReport, written: String, _ outcome: GateOutcome) {
    let share = String(format: "%.2f %%", 100 * report.trainedShare)
    var lines = [
      "\(report.strategy): \(report.summary)", "statistics: \(report.statistics)",
      "fitted on \(report.patients) patients, \(report.scans) scans (\(report.labelledScans) labelled); head: \(report.head.rawValue)",
      "trained \(report.trainedParameters) parameters (\(share))"
        + (report.epochs > 0 ? ", \(report.epochs) epochs" : "")
        + (report.seconds.map { String(format: ", %.1f s", $0) } ?? "")
        + (report.peakBytes.map { String(format: ", at most %.2f GB of memory", Double($0) / 1e9) } ?? ""),
    ]
    if report.phases.count > 1 {
      lines.append("phases: " + report.phases.map { "\($0.name) (\($0.trainedParameters) in \($0.epochs) epochs)" }.joined(separator: ", "))
    }
    if let moved = moved(report.changes) { lines.append(moved) }
    if let change = report.rewriteChange { lines.append(String(format: "largest change of an output before training: %.3g", change)) }
    if let decision = report.decision { lines.append("decided: \(decision)") }
    if let course = report.unlabelled?.sentence { lines.append("without labels: \(course)") }
    if let merge = report.merge {
      lines.append(
        String(format: "merged into %d layers: an output moved by %.2g of the largest, on ", merge.layers.count, merge.largestRelativeError)
          + "\(merge.scans) scans")
    }
    if !report.unusedLabels.isEmpty { lines.append("labels that no scan bears: \(report.unusedLabels.joined(separator: ", "))") }
    if command.model.fromScratch == nil { lines.append("gate: \(outcome)") }
    lines.append("written: \(written)")
    Terminal.result(lines.joined(separator: "\n"))
  }
}
