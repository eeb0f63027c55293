import Adaptation
import ArgumentParser
import Cohorts
import Evaluation
import Files
import Foundation
import ModelFiles
import Normalization
import Reports

/// `scanadapt diagnose`: is this scanner different, where in the network does it show, is it more than chance?
struct DiagnoseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diagnose", abstract: "Show, layer by layer, how each scanner's scans differ from what the model expects.",
    discussion: """
      For each scanner: mismatch by layer with p-values from permuted patients, where in depth it starts and what that suggests; intensities, \
      sharpness and noise; the distance of its feature vectors from the --reference scanner's; dead and saturated channels; the class \
      shares that the answers amount to; what recalibration, mixing and instance normalization take away, on patients held out; and \
      whether the gate would accept a recalibration.
      """)

  @OptionGroup var model: ModelOptions
  @OptionGroup var scans: ScanOptions
  @OptionGroup var compute: ComputeOptions

  @Option(help: "Also compare each scanner with this one.")
  var reference: String?

  @Option(help: "Random divisions of patients behind each null band and p-value.")
  var draws = 199

  @Flag(help: "Leave out the remedies and the gate, which take most of the time.")
  var brief = false

  @Option(
    name: .customLong("out"),
    help: "A folder for report.html, diagnosis.json, mismatch.csv (each layer's worst channels), input.csv and remedies.csv.")
  var output: String?

  /// `diagnosis.json`. Format 1 was the bare array, without a number.
  private struct Findings: Encodable {
    let scanners: [ScannerDiagnosis]
  }

  func validate() throws {
    if draws < 1 { throw ValidationError("--draws is at least 1, not \(draws)") }
  }

  func run() throws {
    let model = try model.load()
    let cohort = try scans.load()
    try LabelNotes.check(scans.labelMappings, against: model)
    let known = reference.map { ScannerID($0) }
    if let known, !cohort.scanners.contains(known) {
      throw ValidationError("--reference \(known): the scans have \(cohort.scanners.map(\.rawValue).joined(separator: ", "))")
    }
    let progress = ProgressLine(isQuiet: compute.quiet)
    var diagnoser = Diagnoser(
      comparison: MismatchComparison(draws: draws, seed: compute.seedValue),
      gate: Gate(bootstrap: PatientBootstrap(seed: compute.seedValue)), loader: try compute.loader(for: model), budget: compute.budget)
    if brief { (diagnoser.remedies, diagnoser.gate) = ([], nil) }
    let (scanners, unreadable) = try diagnoser.diagnose(model, on: cohort, reference: known) { progress.show($0) }
    progress.clear()

    let json = try Terminal.json(Numbered(Findings(scanners: scanners), format: 2))
    Terminal.result(compute.json ? json : scanners.map { MismatchTable($0).text }.joined(separator: "\n\n"))
    if let output {
      try Folder.create(output)
      try AtomicFile.write(json + "\n", to: "\(output)/diagnosis.json")
      try AtomicFile.write(MismatchTable.csv(scanners), to: "\(output)/mismatch.csv")
      try AtomicFile.write(MismatchTable.inputCSV(scanners), to: "\(output)/input.csv")
      try AtomicFile.write(MismatchTable.remediesCSV(scanners), to: "\(output)/remedies.csv")
      try AtomicFile.write(MismatchPage(scanners, model: self.model.name).html, to: "\(output)/report.html")
    }
    FailureList(unreadable).print()
    try Outcome(hasFailures: !unreadable.isEmpty).finish()
  }
}
