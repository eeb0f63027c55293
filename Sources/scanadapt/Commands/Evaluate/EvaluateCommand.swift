import ArgumentParser
import Experiments

/// `scanadapt evaluate`: the source model and each adaptation on the same held-out patients, with a verdict for each.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Compare the source model with each adaptation on the same held-out patients.",
    discussion: """
      Without a further word: plan, run every fold, gather (options: 'scanadapt evaluate all --help'). In steps, 'plan' divides the patients \
      and freezes the settings in a run folder, 'run' does one fold, on any machine that sees the folder, and 'gather' puts the folds \
      together. The result is the same.
      """,
    subcommands: [EvaluateAllCommand.self, EvaluatePlanCommand.self, EvaluateRunCommand.self, EvaluateGatherCommand.self],
    defaultSubcommand: EvaluateAllCommand.self)
}

/// `scanadapt evaluate [all]`.
struct EvaluateAllCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "all", abstract: "Plan, run every fold, and gather: the default.")

  @OptionGroup var arguments: EvaluationArguments

  func run() throws {
    if let job = try FindingsJob(arguments) { return try job.run() }
    let job = try EvaluationJob(arguments, words: EvaluationPlanFile.words(of: CommandLine.arguments))
    if arguments.dryRun { return Terminal.result(try job.dryRun()) }
    try job.withNewFolder { folder, planned in
      let observer = job.observer
      let records = try planned.folds.indices.map { try job.run(fold: $0, of: planned, in: folder, observer) }
      observer.report(.summarizing)
      try job.finish(planned, records, in: folder)
    }
  }
}

/// `scanadapt evaluate plan`.
struct EvaluatePlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Divide the patients and freeze the settings in a run folder; nothing is fitted.")

  @OptionGroup var arguments: EvaluationArguments

  @Flag(help: "Also write slurm.sh, an array job with a task for each fold.")
  var slurm = false

  func run() throws {
    guard arguments.scans.labelColumns.isEmpty else {
      throw ExperimentError.contradiction("several findings a scan are evaluated in one go; found a plan of steps beside --label-columns")
    }
    let job = try EvaluationJob(arguments, words: EvaluationPlanFile.words(of: CommandLine.arguments))
    if arguments.dryRun { return Terminal.result(try job.dryRun()) }
    try job.withNewFolder { folder, planned in
      if slurm { try folder.write(SlurmScript(folder: folder.path, folds: planned.folds.count).text, named: "slurm.sh") }
      Terminal.result("\(planned.folds.count) folds in \(folder.path): evaluate run --run \(folder.path) --fold 1 … \(planned.folds.count)")
    }
  }
}

/// `scanadapt evaluate run`.
struct EvaluateRunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "run", abstract: "Run one fold of a plan, or what a stopped one lacks.")

  @OptionGroup var place: PlannedRunOptions

  @Option(help: "Which, from 1.")
  var fold: Int

  func run() throws {
    let (job, folder) = try place.job()
    let planned = try job.planned(in: folder)
    let record = try job.run(fold: fold - 1, of: planned, in: folder, job.observer)
    Terminal.note("\(record.fold): finished")
    let failed = record.strategies.contains { $0.failure != nil }
    try Outcome(hasFailures: failed || !record.unreadable.isEmpty).finish()
  }
}

/// `scanadapt evaluate gather`.
struct EvaluateGatherCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gather", abstract: "Put the folds of a plan together: table, report, files.")

  @OptionGroup var place: PlannedRunOptions

  @Flag(help: "Take the folds that are finished; the result says so, and the exit code is 3.")
  var allowIncomplete = false

  func run() throws {
    let (job, folder) = try place.job()
    try RunFolder.withOpened(folder) {
      let planned = try job.planned(in: folder)
      try job.finish(planned, try planned.kept(), in: folder, allowingIncomplete: allowIncomplete)
    }
  }
}
