import ArgumentParser
import Phantoms

/// `scanadapt phantom`: a labelled cohort rendered from nothing but a seed.
struct PhantomCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "phantom", abstract: "Render a labelled test cohort: patients, lesions and scanners that differ.")

  @Option(name: .customLong("out"), help: "The folder to make; it must not hold a manifest yet.")
  var output: String

  @Option(
    name: .customLong("scanner"), parsing: .singleValue,
    help: "A scanner by name (\(ScannerModel.named.map(\.name).joined(separator: ", "))); may be given several times.")
  var scanners: [ScannerModel] = [.alpha, .beta]

  @Option(help: "Patients on each scanner.")
  var patients = 60

  @Option(help: "The number in the first patient's id, so that two cohorts can have different people.")
  var firstPatient = 1

  @Option(help: "Scans of each patient.")
  var scansPerPatient = 4

  @Option(help: "Pixels a side.")
  var size = 64

  @Option(help: "The share of patients with a lesion.")
  var lesions = 0.5

  @Option(help: "-1 to 1: how strongly the label goes with the scanner.")
  var confounding = 0.0

  @Option(help: "The share of patients whose label in the manifest is wrong.")
  var labelNoise = 0.0

  @Option(help: "The seed of everything.")
  var seed: UInt64 = 1

  @Flag(help: "Also write a manifest into each scanner's folder.")
  var manifestPerScanner = false

  func run() throws {
    let specification = PhantomSpecification(
      scanners: scanners, patientsPerScanner: patients, firstPatient: firstPatient, scansPerPatient: scansPerPatient, imageSize: size,
      lesionFraction: lesions, confounding: confounding, labelNoise: labelNoise, seed: seed, manifestPerScanner: manifestPerScanner)
    Terminal.result(try PhantomCohort.render(specification, to: output))
  }
}

extension ScannerModel: ExpressibleByArgument {
  public init?(argument: String) { self.init(named: argument) }
  public var defaultValueDescription: String { name }
}
