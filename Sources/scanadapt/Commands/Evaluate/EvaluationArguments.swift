import Adaptation
import ArgumentParser
import Evaluation
import Experiments

/// Everything that decides an evaluation's result, and where it goes.
struct EvaluationArguments: ParsableArguments {
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

  @Option(
    name: .customLong("strategy"), parsing: .singleValue,
    help:
      "One of \(StrategyCatalogue.list), with its settings (lora:rank=8), or all; unless given \(StrategyCatalogue.ladder.joined(separator: ", "))."
  )
  var strategies: [String] = []

  @Option(help: ArgumentHelp(headHelp), transform: headPolicy)
  var head: HeadPolicy?

  @OptionGroup var division: DivisionOptions

  @Option(help: "Patient folds; 5 unless given.")
  var folds: Int?

  @Option(help: "Repetitions of the cross-validation, each with other folds.")
  var repeats = 1

  @Option(
    name: .customLong("metric"), parsing: .singleValue,
    help: "auroc, balanced_accuracy, accuracy, ...; may be given several times. The first decides; AUROC with two classes unless given.")
  var metrics: [Metric] = []

  @OptionGroup var scoring: MetricOptions

  @Option(help: "A gain worth having, in the first metric's units: the verdict is 'adapt' only above it.")
  var margin = 0.01

  @Option(help: "Training scans of each fold that the training score is taken of.")
  var trainingScoreScans = 200

  @Option(
    name: .customLong("classes"), help: "The classes of a new head in index order; the cohort's labels unless given.", transform: labelList)
  var newHeadLabels: [String]?

  @OptionGroup var nesting: NestingOptions

  @Option(help: "Train each strategy so many times with seeds of its own; with --permute-labels, so many permutations.")
  var seeds = 1

  @Flag(help: "Beside each strategy that takes statistics only, show the same with the scored scans' own statistics.")
  var transductive = false

  @Flag(inversion: .prefixedNo, help: "Self-test: a linear model of image size, depth, brightness, border and scanner in the same folds.")
  var shortcutProbe = true

  @Option(
    help: "Patients that others fitted the model on: a CSV with a patient column, or an id a line. Overlap with the scored is exit code 2.")
  var pretrainedOn: String?

  @Flag(help: "Self-test: shuffle labels over whole patients; every score must then be chance.")
  var permuteLabels = false

  @Flag(help: "Write patients and scans in the clear instead of as pseudonyms.")
  var clearIds = false

  @Option(
    help:
      "Show so many held-out scans in report.html, right and wrong ones of each class. Off unless given: scans are personal data, and the report may travel."
  )
  var withImages: Int?

  @Flag(help: "Time a few steps of each strategy, print hours and peak memory, and write nothing.")
  var dryRun = false

  @Option(name: .customLong("out"), help: "The run folder; the same command with the same folder continues a stopped run.")
  var output: String

  func validate() throws {
    if let folds, folds < 2 { throw ValidationError("--folds is at least 2, not \(folds)") }
    if folds != nil, division.isFixed || `protocol` == .unseenScanner {
      throw ValidationError("--folds divides patients at random; found another way of dividing beside it")
    }
    if let withImages, !(1...60).contains(withImages) { throw ValidationError("--with-images is 1 to 60 scans, not \(withImages)") }
    if seeds < 1 { throw ValidationError("--seeds is at least 1, not \(seeds)") }
    if repeats < 1 { throw ValidationError("--repeats is at least 1, not \(repeats)") }
    if !(margin >= 0 && margin.isFinite) { throw ValidationError("--margin is a gain of 0 or more, not \(margin)") }
    if trainingScoreScans < 0 { throw ValidationError("--training-score-scans is 0 or more, not \(trainingScoreScans)") }
  }

  var configuration: ExperimentConfiguration {
    ExperimentConfiguration(
      protocolName: `protocol`, targetScanners: targets, sourceScanners: sources, folds: folds ?? 5, repetitions: repeats,
      seed: compute.seedValue,
      metrics: metrics, unit: scoring.unit, tabulated: scoring.tabulated, rule: VerdictRule(margin: margin),
      trainingScoreScans: trainingScoreScans, newHeadLabels: newHeadLabels,
      permutesLabels: permuteLabels, division: division.value, nesting: nesting.value, seeds: seeds, comparesTransductive: transductive,
      probesShortcuts: shortcutProbe)
  }

  func chosenStrategies() throws -> [ExperimentStrategy] {
    try ExperimentStrategy.asked(strategies, head: head, statistics: statistics, training: training, seed: compute.seed)
  }
}

extension EvaluationProtocol: ExpressibleByArgument {}

extension Metric: ExpressibleByArgument {
  public init?(argument: String) { self.init(name: argument.replacing("-", with: "_")) }
}
