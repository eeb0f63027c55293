import ArgumentParser
import Cohorts
import Experiments
import Files
import Foundation
import ModelFiles
import Reports

/// `scanadapt audit`: are patients, labels and files sound, and is anything leaking?
struct AuditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "Look for leaks, duplicates, confounded labels and unsound files.",
    discussion: "Exit code 2 where something leaks, 3 where files are missing or damaged (3 beats 2).")

  @OptionGroup var scans: ScanOptions
  @OptionGroup var privacy: PrivacyOptions

  @Option(help: "Also check scans, labels and patients against this model and its card.")
  var model: String?

  @OptionGroup(title: "About the model") var description: ModelDescriptionOptions

  @Option(help: "Patients that were used for pretraining: a CSV with a patient column, or one name a line.")
  var pretrainedOn: String?

  @Option(help: "Threads; all cores unless given. The result is the same at any number.")
  var threads: Int?

  @Option(help: "The seed of the permutations.")
  var seed: UInt64 = 0

  @Option(name: .customLong("out"), help: "A folder for report.html, audit.json, findings.csv and groups.csv.")
  var output: String?

  @Flag(help: "Write patients and scans in the clear instead of as pseudonyms.")
  var clearIds = false

  @Flag(help: "No progress on stderr.")
  var quiet = false

  @Flag(help: "The result as JSON on stdout.")
  var json = false

  func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads is at least 1, not \(threads)") }
  }

  func run() throws {
    let cohort = try scans.load(needsPatients: false)
    let pseudonyms = try privacy.pseudonyms()
    let progress = ProgressLine(isQuiet: quiet)
    let audit = Audit(
      cohort,
      settings: AuditSettings(threads: threads ?? ProcessInfo.processInfo.activeProcessorCount, seed: seed),
      for: try expectations(), pseudonyms: pseudonyms, pretrainedOn: try pretrainedOn.map { try PatientList.load($0) } ?? [])
    let result = audit.run { what, done, total in progress.show("\(done) of \(total) \(what)") }
    progress.clear()

    let source = scans.sources.map { $0.split(separator: "/").last.map(String.init) ?? $0 }.joined(separator: " + ")
    let report = AuditReport(result, of: source, identifiers: clearIds ? .asGiven : .pseudonyms(pseudonyms))
    Terminal.result(json ? try report.json() : report.text)
    if let output { try write(report, result, cohort, to: output) }
    if !clearIds, privacy.pseudonymKey == nil, !result.findings.isEmpty {
      Terminal.note("names are pseudonyms of this run alone; --clear-ids shows the manifest's, --pseudonym-key keeps them between runs")
    }
    FailureList(result.failures).print()
    try Outcome(hasNegativeVerdict: result.hasLeak, hasFailures: !result.failures.isEmpty).finish()
  }

  private func expectations() throws -> AuditExpectations? {
    guard let model else { return nil }
    let card = try ModelOptions.load(model, description.loadingOptions).card
    return AuditExpectations(
      preprocessing: card.preprocessing, labels: card.labels,
      fittedPatients: card.fittedPatients.groups.map { PatientHashes(keyID: $0.keyID, hashes: $0.hashes) },
      knowsAllPatients: card.fittedPatients.isComplete)
  }

  /// `groups.csv` only where it says something: it names patients in the clear, for it is to be read as a manifest.
  private func write(_ report: AuditReport, _ result: AuditResult, _ cohort: Cohort, to output: String) throws {
    try Folder.create(output)
    try AtomicFile.write(try report.json() + "\n", to: "\(output)/audit.json")
    try AtomicFile.write(report.csv, to: "\(output)/findings.csv")
    try AtomicFile.write(report.html, to: "\(output)/report.html")
    guard !result.groups.isEmpty else { return }
    let isAbsolute = scans.sources.count > 1
    try AtomicFile.write(GroupTable.csv(cohort, groups: result.groups, absolute: isAbsolute), to: "\(output)/groups.csv")
    let root = isAbsolute ? "/" : scans.root ?? "the folder of the scans"
    Terminal.note("\(output)/groups.csv: the manifest with a group column, in the clear (use it with --root \(root))")
  }
}
