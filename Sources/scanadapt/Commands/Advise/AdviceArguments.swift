import Adaptation
import ArgumentParser
import Evaluation
import Experiments

/// Everything that decides what advice is drawn from, and where it goes.
struct AdviceArguments: ParsableArguments {

  @OptionGroup var model: ModelOptions
  @OptionGroup var scans: ScanOptions
  @OptionGroup var statistics: StatisticsOptions
  @OptionGroup var training: TrainingOptions
  @OptionGroup var compute: ComputeOptions
  @OptionGroup var privacy: PrivacyOptions

  @Option(help: "What measuring may take: 90s, 30m, 2h. The study is cut to it, and what was cut is said.")
  var time = TimeAmount(seconds: 1800)

  @Flag(help: "Rules of thumb instead of measurements: from patients per class, mismatch and budget; labelled UNMEASURED.")
  var quick = false

  @Option(name: .customLong("target"), parsing: .singleValue, help: "A scanner that advice is for; all but the sources unless given.")
  var targets: [String] = []

  @Option(name: .customLong("source"), parsing: .singleValue, help: "A scanner the model comes from: compared with, not fitted on.")
  var sources: [String] = []

  @Option(
    name: .customLong("strategy"), parsing: .singleValue,
    help:
      "One of \(StrategyCatalogue.list), with its settings (lora:rank=8), or all; unless given \(StrategyCatalogue.ladder.joined(separator: ", "))."
  )
  var strategies: [String] = []

  @Option(help: ArgumentHelp(headHelp), transform: headPolicy)
  var head: HeadPolicy?

  @Option(help: "Patient folds.")
  var folds = 3

  @Option(help: "Nested draws of training patients, each with a training seed of its own.")
  var seeds = 3

  @Option(help: "Training patients to measure at, with commas; all of a fold's and halves of that unless given.", transform: sizeList)
  var sizes: [Int]?

  @Option(help: "What errors are of: balanced_accuracy, accuracy, brier or log_loss.")
  var metric: Metric = .balancedAccuracy

  @Option(help: "An error smaller by no more than this isn't worth a change.")
  var margin = 0.01

  @Option(help: "Show what labelling so many more patients would bring; as many as there are unless given.")
  var more: Int?

  @Option(
    name: .customLong("classes"), help: "The classes of a new head in index order; the cohort's labels unless given.", transform: labelList)
  var newHeadLabels: [String]?

  @Option(help: "Patients that others fitted the model on: a CSV with a patient column, or an id a line. Overlap is exit code 2.")
  var pretrainedOn: String?

  @Option(name: .customLong("out"), help: "The run folder; the same command with the same folder continues a stopped run.")
  var output: String?

  func validate() throws {
    if folds < 2 { throw ValidationError("--folds is at least 2, not \(folds)") }
    if seeds < 1 { throw ValidationError("--seeds is at least 1, not \(seeds)") }
    if let more, more < 1 { throw ValidationError("--more is at least 1 patient, not \(more)") }
    if !(margin >= 0 && margin.isFinite) { throw ValidationError("--margin is 0 or more, not \(margin)") }
    if !quick, output == nil { throw ValidationError("--out is needed: the run folder (or --quick, which measures nothing)") }
  }

  var configuration: AdviceConfiguration {
    AdviceConfiguration(
      evaluation: ExperimentConfiguration(
        targetScanners: targets, sourceScanners: sources, folds: folds, seed: compute.seedValue, metrics: [metric],
        bootstrap: PatientBootstrap(seed: compute.seedValue, resamples: 1000), rule: VerdictRule(margin: margin), trainingScoreScans: 0,
        newHeadLabels: newHeadLabels),
      sizes: sizes, draws: seeds, budget: AdviceBudget(seconds: time.seconds, bytes: compute.memory.bytes))
  }

  func chosenStrategies() throws -> [ExperimentStrategy] {
    try ExperimentStrategy.asked(strategies, head: head, statistics: statistics, training: training, seed: compute.seed)
  }
}

private func sizeList(_ argument: String) throws -> [Int] {
  let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
  let sizes = parts.compactMap { Int($0) }
  guard sizes.count == parts.count, sizes.allSatisfy({ $0 > 0 }), Set(sizes).count == sizes.count else {
    throw ValidationError("expected different numbers of patients separated by commas; found '\(argument)'")
  }
  return sizes
}
