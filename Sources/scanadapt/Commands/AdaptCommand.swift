import Adaptation
import ArgumentParser
import Cohorts
import Evaluation
import Files
import Foundation
import ModelFiles

/// `scanadapt adapt`: make the network fit one scanner, or each of a batch of folders.
struct AdaptCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "adapt",
    abstract: "Adapt a network to the scans of one scanner, or to each of several folders.",
    discussion: """
      One --scans with a manifest: the strategy is fitted on all its patients and the model is written to the run folder. Several --scans, \
      a folder of folders, or --per-scanner: a batch; each folder gets a norm pack or a model. Either way the gate judges first, on patients \
      held out fold by fold: what can't be shown to lose no more than --margin against the network as it came is not put in place (exit \
      code 2). Without labels nothing is proven: what nothing speaks against is kept apart as unverified. A new head has nothing to be \
      compared with and is not judged.

      \(StrategyCatalogue.settings)
      """)

  @OptionGroup var model: SourceOptions
  @OptionGroup var scans: ScanOptions
  @OptionGroup var statistics: StatisticsOptions
  @OptionGroup var training: TrainingOptions
  @OptionGroup var compute: ComputeOptions
  @OptionGroup var privacy: PrivacyOptions

  @Option(help: "One of \(StrategyCatalogue.list).")
  var strategy = "recalibrate"

  @Option(help: ArgumentHelp(headHelp), transform: headPolicy)
  var head: HeadPolicy?

  @Option(
    name: .customLong("classes"), help: "The classes of a new head in index order; the scans' labels unless given.", transform: labelList)
  var newHeadLabels: [String]?

  @Option(name: .customLong("out"), help: "The run folder; the same command with the same folder continues a stopped run.")
  var output: String

  @Flag(help: "Time a few steps, print hours and peak memory, and write nothing.")
  var dryRun = false

  @Flag(help: "A batch with a job for each scanner of the manifest.")
  var perScanner = false

  @Flag(help: "Put in place what no label could check and nothing speaks against.")
  var acceptUnverified = false

  @Flag(help: "Don't judge: fit, and put in place. What a strategy itself refuses without labels stays refused.")
  var ungated = false

  @Option(
    help: """
      The largest loss against the network as it came that the gate lets pass: 0.01, the default, is one point of balanced accuracy, or of \
      the mean area over several findings.
      """)
  var margin: Double?

  @Option(help: "The patient folds that the gate judges by; 5 unless given.")
  var folds: Int?

  var gate: Gate? { ungated ? nil : Gate(margin: margin ?? 0.01, bootstrap: PatientBootstrap(seed: compute.seedValue)) }
  var gateFolds: Int { folds ?? 5 }

  func validate() throws {
    if let margin, !(0..<1).contains(margin) { throw ValidationError("--margin lies in 0 to 1, not \(margin)") }
    if let folds, folds < 2 { throw ValidationError("--folds is at least 2, not \(folds)") }
    if ungated { try refuseGateOptions("with --ungated nothing is judged") }
    if model.fromScratch != nil { try refuseGateOptions("fresh weights (--from-scratch) aren't judged") }
  }

  /// What only the gate reads, where there is none.
  private func refuseGateOptions(_ reason: String) throws {
    let given = [("--accept-unverified", acceptUnverified), ("--margin", margin != nil), ("--folds", folds != nil)].filter(\.1).map(\.0)
    if !given.isEmpty { throw ValidationError("\(reason); found \(given.joined(separator: ", ")), which the gate alone reads") }
  }

  func run() throws {
    let chosen = statistics.applied(to: try StrategyCatalogue.strategy(specified: strategy, head: head), seed: compute.seedValue)
    try statistics.check([chosen])
    if newHeadLabels != nil, !chosen.head.changesLabels {
      throw ValidationError("--classes is for a new or longer head; give --head new or extend")
    }
    if chosen.head.changesLabels { try refuseGateOptions("a \(chosen.head.rawValue) head isn't judged, since it answers in other labels") }
    let resolved = try training.resolved(from: chosen.defaultTraining, seed: compute.seed)
    let source = try model.load(seed: compute.seedValue)
    // Fresh weights have the labels that they were asked for; a weight file's are its old head's.
    let labels = newHeadLabels ?? (model.fromScratch == nil ? nil : model.description.labels)
    let run = AdaptationRun(
      chosen, training: resolved, newHeadLabels: labels, budget: compute.budget, pseudonyms: try privacy.sitePseudonyms())
    func loadCohort() throws -> Cohort {
      let cohort = try scans.load()
      try LabelNotes.check(cohort, against: source, for: run, mappings: scans.labelMappings)
      return cohort
    }
    if dryRun {
      // The gate fits once more for each fold of patients.
      let fits = gate == nil ? 1 : Double(gateFolds)
      let training = try loadCohort().allForFitting(Ledger())
      let dry = DryRun(source: source, training: training, loader: try compute.loader(for: source))
      let job = DryRun.Job(run: run, fits: fits, scans: training.count, predictions: fits > 1 ? training.count : 0)
      return Terminal.result(try dry.table(of: [job]))
    }
    if let jobs = try batchJobs(of: run, from: source) {
      try BatchRun(run: run, source: source, jobs: jobs, output: output, command: self).execute()
    } else {
      let cohort = try loadCohort()
      if acceptUnverified, !Set(cohort.labels).isDisjoint(with: source.card.labels) {
        throw ValidationError("these scans have labels, by which the gate judges; found --accept-unverified, which is for scans without")
      }
      try SingleRun(run: run, source: source, cohort: cohort, output: output, command: self).execute()
    }
  }

  /// The folders of a batch; nil where this is a single run.
  private func batchJobs(of run: AdaptationRun, from source: Model) throws -> [FolderJob]? {
    let options = scans.cohortOptions()
    if perScanner {
      let cohort = try scans.load()
      try LabelNotes.check(cohort, against: source, for: run, mappings: scans.labelMappings)
      return cohort.scanners.map { scanner in FolderJob(name: scanner.rawValue) { cohort.restricted(toScanner: scanner) } }
    }
    var folders = scans.sources
    if folders.count == 1, Folder.exists(folders[0]) {
      let inside = try Cohort.foldersOfBatch(in: folders[0])
      let isCohort = try Folder.names(in: folders[0]).contains("manifest.csv")
      if isCohort || inside.isEmpty { return nil }
      folders = inside
    }
    guard folders.count > 1 || folders != scans.sources else { return nil }
    // Renamed labels are looked for in all folders before the first is adapted to; what that read is kept.
    let loaded = scans.labelMappings.isEmpty ? [] : folders.map { folder in Result { try Cohort.load(folder, options) } }
    try LabelNotes.check(scans.labelMappings, on: loaded.map { cohort in { try cohort.get() } })
    return try folders.enumerated().map { index, folder in
      let name = try Folder.resolved(folder).split(separator: "/").last.map(String.init) ?? folder
      return FolderJob(name: name) {
        let cohort = try loaded.isEmpty ? Cohort.load(folder, options) : loaded[index].get()
        // A folder whose scans don't bear the label has nothing to rename.
        let mappings = scans.labelMappings.filter { cohort.labels.contains($0.found) }
        let renamed = try cohort.renamingLabels(mappings)
        try LabelNotes.check(renamed, against: source, for: run, mappings: mappings)
        return renamed
      }
    }
  }
}
