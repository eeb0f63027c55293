import Adaptation
import Cohorts
import Evaluation
import Experiments
import Files
import Foundation
import ModelFiles
import Reports

/// An evaluation as its arguments ask for it: the model and scans, the folder, and what a person gets at the end.
struct EvaluationJob {
  let arguments: EvaluationArguments
  /// As they were given, for the refit command and the plan.
  let words: [String]
  private let model: Model
  private let cohort: Cohort
  private let strategies: [ExperimentStrategy]
  private let splitFile: SplitFile?
  private let outsiders: [PatientID]?
  private let site: Pseudonyms?
  private let progress: ProgressLine

  init(_ arguments: EvaluationArguments, words: [String]) throws {
    self.arguments = arguments
    self.words = words
    model = try arguments.model.load()
    cohort = try arguments.scans.load()
    strategies = try arguments.chosenStrategies()
    try LabelNotes.check(
      cohort, against: model, under: strategies.map(\.strategy.head), newLabels: arguments.newHeadLabels,
      mappings: arguments.scans.labelMappings)
    splitFile = try arguments.division.splits.map { try SplitFile($0) }
    outsiders = try arguments.pretrainedOn.map { try PatientList.load($0).sorted() }
    site = try arguments.privacy.sitePseudonyms()
    progress = ProgressLine(isQuiet: arguments.compute.quiet)
  }

  var observer: ExperimentObserver { .terminal(progress) }

  /// The folder of `--out`, locked, with the plan in it.
  func withNewFolder(_ body: (RunFolder, PlannedEvaluation) throws -> Void) throws {
    let key = OwnKey()
    try RunFolder.withFolder(at: arguments.output, describedBy: try description(site ?? key.pseudonyms)) { folder in
      let planned = try experiment(site ?? key.kept(in: folder)).plan(on: cohort, in: folder)
      try folder.write(try ConfigurationFile.text(of: arguments.configuration), named: "config.yaml")
      try EvaluationPlanFile.write(words, to: folder)
      try body(folder, planned)
    }
  }

  /// What the whole would take, without a folder.
  func dryRun() throws -> String {
    let experiment = try experiment(OwnKey().pseudonyms)
    let planned = try experiment.plan(on: cohort)
    let dry = DryRun(
      source: model, training: planned.typicalTraining, loader: experiment.loader, notApplicable: planned.notApplicable)
    return try dry.table(of: planned.fits.map { DryRun.Job(run: $0.run, fits: $0.count, scans: $0.scans, predictions: $0.predictions) })
  }

  /// The plan of a folder that has one.
  func planned(in folder: RunFolder) throws -> PlannedEvaluation {
    try experiment(site ?? OwnKey().kept(in: folder)).plan(on: cohort, in: folder)
  }

  private func experiment(_ pseudonyms: Pseudonyms) throws -> CrossValidation {
    CrossValidation(
      arguments.configuration, model: model, named: arguments.model.name, strategies: strategies,
      loader: try arguments.compute.loader(for: model), budget: arguments.compute.budget, pseudonyms: pseudonyms,
      identifiers: arguments.clearIds ? .asGiven : nil, splitFile: splitFile, outsiders: outsiders)
  }

  /// One fold, held by this process alone.
  func run(fold index: Int, of planned: PlannedEvaluation, in folder: RunFolder, _ observer: ExperimentObserver) throws -> FoldRecord {
    let record = try withFileLock("\(folder.path)/folds/.\(index + 1).lock", since: Date.now.ISO8601Format()) {
      try planned.run(fold: index, observer: observer)
    }
    progress.clear()
    return record
  }

  /// Table, report and files of the finished folds, and the exit code.
  func finish(
    _ planned: PlannedEvaluation, _ records: [FoldRecord?], in folder: RunFolder, allowingIncomplete: Bool = false
  ) throws {
    let scanners = cohort.scanners.map(\.rawValue)
    let result = try planned.gather(records, allowingIncomplete: allowingIncomplete) { result in
      result.refitCommand = RefitCommand(result, arguments: words, scanners: scanners, output: arguments.output)?.text
    }.result
    progress.clear()
    let report = EvaluationReport(result, samples: arguments.withImages.flatMap { planned.sampleScans($0, of: result, records) })
    try folder.write(report.html, named: "report.html")
    try folder.write(report.table.markdown, named: "table.md")
    try folder.write(MethodsText(result, run: try RunFolder.open(folder.path).run).markdown, named: "methods.md")
    Terminal.result(arguments.compute.json ? try Terminal.json(result) : report.table.text)
    Terminal.note("report: \(folder.path)/report.html")
    FailureList(result.unreadable.map { UnreadableScan(path: $0.scan, reason: $0.reason) }).print()
    CohortNotes(cohort).printMissing()
    let isIncomplete = records.contains { $0 == nil } || result.folds.count < planned.folds.count
    let hasFailures = result.hasFailedStrategy || !result.unreadable.isEmpty || !cohort.unavailable.isEmpty || isIncomplete
    try Outcome(hasNegativeVerdict: result.hasLeak, hasFailures: hasFailures).finish()
  }

  private func description(_ pseudonyms: Pseudonyms) throws -> RunDescription {
    let files: [(role: String, path: String?)] = [
      ("model", arguments.model.model), ("splits", arguments.division.splits), ("pretrained-on", arguments.pretrainedOn),
    ]
    let manifests: [(role: String, path: String?)] = arguments.scans.manifests.map { ("manifest", $0) }
    return try .ofThisCommand(
      seed: arguments.compute.seedValue, inputs: files + manifests, labelMappings: arguments.scans.labelMappings, pseudonyms)
  }
}
