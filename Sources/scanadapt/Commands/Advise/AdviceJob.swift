import Adaptation
import Cohorts
import Experiments
import Files
import Foundation
import ModelFiles
import Reports

/// Advice as its arguments ask for it: the model and scans, the folder, and what a person gets at the end.
struct AdviceJob {
  let arguments: AdviceArguments
  /// As they were given, for the command to run.
  private let words: [String]
  private let model: Model
  private let cohort: Cohort
  private let strategies: [ExperimentStrategy]
  private let outsiders: [PatientID]?
  private let site: Pseudonyms?
  private let progress: ProgressLine

  init(_ arguments: AdviceArguments, words: [String]) throws {
    self.arguments = arguments
    self.words = words
    model = try arguments.model.load()
    cohort = try arguments.scans.load()
    strategies = try arguments.chosenStrategies()
    try LabelNotes.check(
      cohort, against: model, under: strategies.map(\.strategy.head), newLabels: arguments.newHeadLabels,
      mappings: arguments.scans.labelMappings)
    outsiders = try arguments.pretrainedOn.map { try PatientList.load($0).sorted() }
    site = try arguments.privacy.sitePseudonyms()
    progress = ProgressLine(isQuiet: arguments.compute.quiet)
  }

  func run() throws {
    guard !arguments.quick else { return try runQuickly() }
    let key = OwnKey()
    try RunFolder.withFolder(at: arguments.output!, describedBy: try description(site ?? key.pseudonyms)) { folder in
      let planned = try study(site ?? key.kept(in: folder)).plan(on: cohort, in: folder)
      try folder.write(try ConfigurationFile.text(of: arguments.configuration), named: "config.yaml")
      let advice = try planned.run(more: arguments.more, observer: .terminal(progress)) { $0.command = command(for: $0) }
      progress.clear()
      try finish(advice, planned, in: folder)
    }
  }

  /// Rules of thumb; a folder only where one is named.
  private func runQuickly() throws {
    let quick = QuickAdvice(
      arguments.configuration, model: model, named: arguments.model.name, loader: try arguments.compute.loader(for: model),
      budget: arguments.compute.budget)
    let start = ContinuousClock.now
    let (quickly, unreadable) = try quick.advice(
      on: cohort, seconds: { (ContinuousClock.now - start) / .seconds(1) }, progress: { progress.show($0) })
    progress.clear()
    var advice = quickly
    advice.command = try quickCommand(for: advice)
    if let output = arguments.output {
      try Folder.create(output)
      // Rules of thumb don't replace what was measured.
      guard try !Folder.names(in: output).contains("run.json") else { throw RunFolderError.finished(folder: output) }
      try AtomicFile.write(try Terminal.json(advice) + "\n", to: "\(output)/advice.json")
      try AtomicFile.write(AdviceReport(advice).html, to: "\(output)/report.html")
    }
    Terminal.result(arguments.compute.json ? try Terminal.json(advice) : AdviceTable(advice).text)
    FailureList(unreadable).print()
    CohortNotes(cohort).printMissing()
    try Outcome(hasFailures: !unreadable.isEmpty || !cohort.unavailable.isEmpty).finish()
  }

  /// nil where the model stays as it is.
  private func quickCommand(for advice: Advice) throws -> String? {
    let strategy = try StrategyCatalogue.strategy(named: advice.verdict.strategy)
    guard !(strategy is SourceModel) else { return nil }
    let isKnown = Set(cohort.labels).isSubset(of: model.card.labels)
    return RefitCommand(
      fitting: strategy.name, head: (isKnown ? arguments.head ?? strategy.head : .new).rawValue, on: advice.header.targetScanners,
      arguments: words, scanners: cohort.scanners.map(\.rawValue), output: arguments.output ?? "advised")?.text
  }

  private func finish(_ advice: Advice, _ planned: PlannedAdvice, in folder: RunFolder) throws {
    try folder.write(AdviceReport(advice).html, named: "report.html")
    Terminal.result(arguments.compute.json ? try Terminal.json(advice) : AdviceTable(advice).text)
    Terminal.note("report: \(folder.path)/report.html")
    let unreadable = try planned.unreadable()
    FailureList(unreadable.map { UnreadableScan(path: $0.path, reason: $0.reason) }).print()
    CohortNotes(cohort).printMissing()
    let hasLeak = advice.findings.contains { $0.severity == .leak }
    let hasFailures = advice.hasFailures || !unreadable.isEmpty || !cohort.unavailable.isEmpty
    try Outcome(hasNegativeVerdict: hasLeak, hasFailures: hasFailures).finish()
  }

  /// What fits the recommended strategy on all patients; nil where the model stays as it is.
  private func command(for advice: Advice) -> String? {
    guard let rank = advice.ranks.first(where: \.isRecommended) else { return nil }
    guard rank.strategy != SourceModel().name || rank.head != HeadPolicy.keep.rawValue else { return nil }
    return RefitCommand(
      fitting: rank.strategy, head: rank.head, on: advice.header.targetScanners, arguments: words,
      scanners: cohort.scanners.map(\.rawValue),
      output: arguments.output ?? "advice"
    )?.text
  }

  private func study(_ pseudonyms: Pseudonyms) throws -> AdviceStudy {
    let configuration = arguments.configuration
    return AdviceStudy(
      configuration,
      evaluation: CrossValidation(
        configuration.evaluation, model: model, named: arguments.model.name, strategies: strategies,
        loader: try arguments.compute.loader(for: model), budget: arguments.compute.budget, pseudonyms: pseudonyms, outsiders: outsiders))
  }

  private func description(_ pseudonyms: Pseudonyms) throws -> RunDescription {
    let files: [(role: String, path: String?)] = [("model", arguments.model.model), ("pretrained-on", arguments.pretrainedOn)]
    return try .ofThisCommand(
      seed: arguments.compute.seedValue, inputs: files + arguments.scans.manifests.map { ("manifest", $0) },
      labelMappings: arguments.scans.labelMappings, pseudonyms)
  }
}
