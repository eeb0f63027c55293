import Adaptation
import Cohorts
import Evaluation
import Experiments
import Files
import Foundation
import ModelFiles
import Reports

/// An evaluation where a scan may have several findings: in one go, without steps; stopped, the same command continues it.
struct FindingsJob {
  let arguments: EvaluationArguments
  private let model: Model
  private let cohort: Cohort
  private let progress: ProgressLine

  /// Nil where each scan has one label.
  init?(_ arguments: EvaluationArguments) throws {
    guard !arguments.scans.labelColumns.isEmpty else { return nil }
    self.arguments = arguments
    model = try arguments.model.load()
    cohort = try arguments.scans.load()
    progress = ProgressLine(isQuiet: arguments.compute.quiet)
  }

  func run() throws {
    for (isAsked, what) in [(arguments.dryRun, "--dry-run"), (arguments.withImages != nil, "--with-images")] where isAsked {
      throw ExperimentError.contradiction("several findings a scan are evaluated without \(what); found it beside --label-columns")
    }
    let (site, key) = (try arguments.privacy.sitePseudonyms(), OwnKey())
    let result = try RunFolder.withFolder(at: arguments.output, describedBy: try description(site ?? key.pseudonyms)) { folder in
      guard !Folder.holds("evaluation.json", in: folder.path) else { throw RunFolderError.finished(folder: folder.path) }
      let pseudonyms = try site ?? key.kept(in: folder)
      let evaluation = FindingsEvaluation(
        arguments.configuration, model: model, named: arguments.model.name, strategies: try arguments.chosenStrategies(),
        loader: try arguments.compute.loader(for: model), budget: arguments.compute.budget, pseudonyms: pseudonyms,
        identifiers: arguments.clearIds ? .asGiven : nil, outsiders: try arguments.pretrainedOn.map { try PatientList.load($0).sorted() })
      let ledger = Ledger()
      let result = try evaluation.run(on: cohort, in: folder, ledger: ledger, observer: .terminal(progress))
      progress.clear()
      let report = FindingsReport(result)
      try folder.write(try ConfigurationFile.text(of: arguments.configuration), named: "config.yaml")
      try folder.write(report.html, named: "report.html")
      try folder.write(report.markdown, named: "table.md")
      try folder.write(MethodsText(result, run: try RunFolder.open(folder.path).run).markdown, named: "methods.md")
      try folder.write(result, ledger: ledger, pseudonyms: pseudonyms)
      Terminal.result(arguments.compute.json ? try Terminal.json(result) : report.text)
      Terminal.note("report: \(folder.path)/report.html")
      return result
    }
    FailureList(result.unreadable.map { UnreadableScan(path: $0.scan, reason: $0.reason) }).print()
    CohortNotes(cohort).printMissing()
    try Outcome(
      hasNegativeVerdict: result.hasLeak,
      hasFailures: result.hasFailedStrategy || !result.unreadable.isEmpty || !cohort.unavailable.isEmpty
    ).finish()
  }

  private func description(_ pseudonyms: Pseudonyms) throws -> RunDescription {
    let files: [(role: String, path: String?)] = [("model", arguments.model.model), ("pretrained-on", arguments.pretrainedOn)]
    return try .ofThisCommand(
      seed: arguments.compute.seedValue, inputs: files + arguments.scans.manifests.map { ("manifest", $0) },
      labelMappings: arguments.scans.labelMappings, pseudonyms)
  }
}
