import ArgumentParser
import Experiments
import Files
import Foundation

/// Which plan, and what this machine may take for it; everything else was frozen when it was planned.
struct PlannedRunOptions: ParsableArguments {
  @Option(name: .customLong("run"), help: "The run folder of 'evaluate plan'.")
  var folder: String

  @OptionGroup var compute: MachineOptions

  @Option(help: "The site's key file, where it lies elsewhere on this machine.")
  var pseudonymKey: String?

  /// The planned evaluation's own arguments, read again where they were given.
  func job() throws -> (EvaluationJob, RunFolder) {
    let folder = try RunFolder.open(Folder.resolved(self.folder)).folder
    let key = try pseudonymKey.map { try Folder.resolved($0) }
    let plan = try EvaluationPlanFile.read(from: folder)
    guard FileManager.default.changeCurrentDirectoryPath(plan.directory) else {
      throw EvaluationPlanError.directoryMissing(plan.directory, folder: folder.path)
    }
    var arguments = try EvaluationArguments.parse(plan.arguments)
    arguments.compute.take(compute)
    if let key { arguments.privacy.pseudonymKey = key }
    return (try EvaluationJob(arguments, words: plan.arguments), folder)
  }
}

/// What a machine may take, and what is said along the way: nothing of it changes a result.
struct MachineOptions: ParsableArguments {
  @Option(help: "Threads; all cores unless given. The result has the same bits at any number.")
  var threads: Int?

  @Option(help: "The most memory for activations and cached features, such as 4G; as planned unless given.")
  var memory: ByteCount?

  @Option(help: "Where decoded scans are kept between runs; 'none' keeps nothing; as planned unless given.")
  var cache: String?

  @Flag(help: "No progress on stderr.")
  var quiet = false

  @Flag(help: "The result as JSON on stdout.")
  var json = false

  func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads is at least 1, not \(threads)") }
  }
}

extension ComputeOptions {
  mutating func take(_ machine: MachineOptions) {
    threads = machine.threads ?? threads
    memory = machine.memory ?? memory
    cache = machine.cache ?? cache
    quiet = machine.quiet
    json = machine.json
  }
}
