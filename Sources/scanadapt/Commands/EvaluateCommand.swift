import Adaptation
import ArgumentParser
import Cohorts
import Evaluation
import Experiments
import Files
import Foundation
import Graphs
import ModelFiles
import Reports

/// `scanadapt evaluate`: the source model and each adaptation on the same held-out patients, with a verdict for each.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Compare the source model with each adaptation on the same held-out patients.")

  @OptionGroup var model: ModelOptions
  @OptionGroup var scans: ScanOptions
  @OptionGroup var statistics: StatisticsOptions
  @OptionGroup var training: TrainingOptions
  @OptionGroup var compute: ComputeOptions
  @OptionGroup var privacy: PrivacyOptions

  @Option(help: "within-scanner, unseen-scanner, unlabelled-scanner or transductive.")
  var `protocol`: EvaluationProtocol = .withinScanner

  @Option(name: .customLong("target"), parsing: .singleValue, help: "A scanner that is scored; all but the sources unless given.")
  var targets: [String] = []

  @Option(
    name: .customLong("source"), parsing: .singleValue,
    help: "A scanner the model comes from: scored beside the target and not fitted on (but by unseen-scanner).")
  var sources: [String] = []

  @Option(name: .customLong("strategy"), parsing: .singleValue, help: "One of \(StrategyCatalogue.list); all unless given.")
  var strategies: [String] = []

  @Option(help: "keep, train, or new (for the manifest's labels); each strategy's own choice unless given.")
  var head: HeadPolicy?

  @Option(help: "Patient folds.")
  var folds = 5

  @Option(help: "Repetitions of the cross-validation, each with other folds.")
  var repeats = 1

  @Option(
    name: .customLong("metric"), parsing: .singleValue,
    help: "auroc, balanced_accuracy, accuracy, ...; may be given several times. The first decides; AUROC with two classes unless given.")
  var metrics: [Metric] = []

  @Option(help: "A gain worth having, in the first metric's units: the verdict is 'adapt' only above it.")
  var margin = 0.01

  @Option(help: "Training scans of each fold that the training score is taken of.")
  var trainingScoreScans = 200

  @Option(
    name: .customLong("classes"), help: "The classes of a new head in index order; the cohort's labels unless given.", transform: labelList)
  var newHeadLabels: [String]?

  @Flag(help: "Self-test: shuffle labels over whole patients; every score must then be chance.")
  var permuteLabels = false

  @Flag(help: "Write patients and scans in the clear instead of as pseudonyms.")
  var clearIds = false

  @Option(name: .customLong("out"), help: "The run folder; the same command with the same folder continues a stopped run.")
  var output: String

  func validate() throws {
    if folds < 2 { throw ValidationError("--folds is at least 2, not \(folds)") }
    if repeats < 1 { throw ValidationError("--repeats is at least 1, not \(repeats)") }
    if !(margin >= 0 && margin.isFinite) { throw ValidationError("--margin is a gain of 0 or more, not \(margin)") }
    if trainingScoreScans < 0 { throw ValidationError("--training-score-scans is 0 or more, not \(trainingScoreScans)") }
  }

  func run() throws {
    let model = try model.load()
    let cohort = try scans.load()
    let pseudonyms = try privacy.pseudonyms()
    let strategies = try chosenStrategies()
    try RunFolder.withFolder(at: output, describedBy: try description(pseudonyms)) { folder in
      let evaluation = CrossValidation(
        configuration, model: model, named: self.model.name,
        strategies: strategies, loader: try compute.loader(for: model), budget: compute.budget, pseudonyms: pseudonyms,
        identifiers: clearIds ? .asGiven : nil)
      let resolved = try ConfigurationFile.text(of: configuration)
      // What stands there may be another run's, which is refused below.
      if !Folder.holds("config.yaml", in: folder.path) { try folder.write(resolved, named: "config.yaml") }
      let progress = ProgressLine(isQuiet: compute.quiet)
      let outcome = try evaluation.run(on: cohort, in: folder, observer: .terminal(progress))
      progress.clear()
      try folder.write(resolved, named: "config.yaml")
      try finish(outcome.result, cohort, folder)
    }
  }

  private var configuration: ExperimentConfiguration {
    ExperimentConfiguration(
      protocolName: `protocol`, targetScanners: targets, sourceScanners: sources, folds: folds, repetitions: repeats,
      seed: compute.seedValue,
      metrics: metrics, rule: VerdictRule(margin: margin), trainingScoreScans: trainingScoreScans, newHeadLabels: newHeadLabels,
      permutesLabels: permuteLabels)
  }

  private func chosenStrategies() throws -> [ExperimentStrategy] {
    let names = strategies.isEmpty ? StrategyCatalogue.names.filter { $0 != SourceModel().name } : strategies
    let chosen = try names.map { name in
      let strategy = statistics.applied(to: try StrategyCatalogue.strategy(named: name, head: head), seed: compute.seedValue)
      return ExperimentStrategy(strategy, training: try training.resolved(from: strategy.defaultTraining, seed: compute.seed))
    }
    try statistics.check(chosen.map(\.strategy))
    return chosen
  }

  private func description(_ pseudonyms: Pseudonyms) throws -> RunDescription {
    try .ofThisCommand(
      seed: compute.seedValue, inputs: [("model", model.model)] + scans.manifests.map { ("manifest", $0) }, pseudonyms)
  }

  private func finish(_ found: EvaluationResult, _ cohort: Cohort, _ folder: RunFolder) throws {
    var result = found
    result.refitCommand =
      RefitCommand(
        result, arguments: Array(CommandLine.arguments.dropFirst(2)), scanners: cohort.scanners.map(\.rawValue), output: output)?.text
    let report = EvaluationReport(result)
    try folder.write(report.html, named: "report.html")
    try folder.write(report.table.markdown, named: "table.md")
    Terminal.result(compute.json ? try json(result) : report.table.text)
    Terminal.note("report: \(folder.path)/report.html")
    FailureList(result.unreadable.map { UnreadableScan(path: $0.scan, reason: $0.reason) }).print()
    CohortNotes(cohort).printMissing()
    let hasFailures = result.hasFailedStrategy || !result.unreadable.isEmpty || !cohort.unavailable.isEmpty
    try Outcome(hasNegativeVerdict: result.hasLeak, hasFailures: hasFailures).finish()
  }

  private func json(_ result: EvaluationResult) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    return String(decoding: try encoder.encode(result), as: UTF8.self)
  }
}

extension EvaluationProtocol: ExpressibleByArgument {}

extension Metric: ExpressibleByArgument {
  public init?(argument: String) { self.init(name: argument.replacing("-", with: "_")) }
}
