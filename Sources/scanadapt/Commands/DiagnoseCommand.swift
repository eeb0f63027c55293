import Adaptation
import ArgumentParser
import Cohorts
import Files
import Foundation
import ModelFiles
import Normalization
import Reports

/// `scanadapt diagnose`: is this scanner different, where in the network does it show, is it more than chance?
struct DiagnoseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diagnose", abstract: "Show, layer by layer, how each scanner's scans differ from what the model expects.")

  @OptionGroup var model: ModelOptions
  @OptionGroup var scans: ScanOptions
  @OptionGroup var compute: ComputeOptions

  @Option(help: "Also compare each scanner with this one.")
  var reference: String?

  @Option(help: "Random divisions of patients behind each null band and p-value.")
  var draws = 199

  @Option(name: .customLong("out"), help: "A folder for report.html, mismatch.json and mismatch.csv.")
  var output: String?

  func validate() throws {
    if draws < 1 { throw ValidationError("--draws is at least 1, not \(draws)") }
  }

  func run() throws {
    let model = try model.load()
    let cohort = try scans.load()
    let images = ScanImages(try compute.loader(for: model))
    let progress = ProgressLine(isQuiet: compute.quiet)
    var moments: [ScannerID: PatientMoments] = [:]
    var failures = cohort.unavailable
    for scanner in cohort.scanners {
      let training = cohort.restricted(toScanner: scanner).allForFitting(Ledger(), under: "diagnose")
      let seen = try PatientMoments.observed(by: model, on: training, images: images, threads: compute.threads) { done, total in
        progress.show("\(scanner): \(done) of \(total) scans")
      }
      moments[scanner] = seen.moments
      failures += seen.failures
    }
    progress.clear()

    let reports = try comparisons(moments, of: cohort, by: model)
    if compute.json {
      Terminal.result(try json(reports))
    } else {
      Terminal.result(reports.map { MismatchTable($0).text }.joined(separator: "\n\n"))
    }
    if let output {
      try Folder.create(output)
      try AtomicFile.write(try json(reports) + "\n", to: "\(output)/mismatch.json")
      try AtomicFile.write(MismatchTable.csv(reports), to: "\(output)/mismatch.csv")
      try AtomicFile.write(MismatchPage(reports, model: self.model.name).html, to: "\(output)/report.html")
    }
    FailureList(failures).print()
    try Outcome(hasFailures: !failures.isEmpty).finish()
  }

  private func comparisons(_ moments: [ScannerID: PatientMoments], of cohort: Cohort, by model: Model) throws -> [MismatchReport] {
    let comparison = MismatchComparison(draws: draws, seed: compute.seedValue)
    let known = reference.map { ScannerID($0) }
    if let known, moments[known] == nil {
      throw ValidationError("--reference \(known): the scans have \(cohort.scanners.map(\.rawValue).joined(separator: ", "))")
    }
    return cohort.scanners.flatMap { scanner in
      var reports = [comparison.compare(moments[scanner]!, of: scanner, with: model)]
      if let known, known != scanner {
        reports.append(comparison.compare(moments[scanner]!, of: scanner, with: moments[known]!, of: known, by: model))
      }
      return reports
    }
  }

  private func json(_ reports: [MismatchReport]) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    return String(decoding: try encoder.encode(reports), as: UTF8.self)
  }
}
