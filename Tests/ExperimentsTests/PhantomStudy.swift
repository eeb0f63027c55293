import Adaptation
import Cohorts
import Evaluation
import Experiments
import Files
import Foundation
import Graphs
import Imaging
import ModelFiles
import Phantoms

/// A small rendered cohort on disk and a small network with fresh weights: a cross-validation of it takes a second.
final class PhantomStudy {
  let folder: String
  let cohort: Cohort

  init(
    scanners: [ScannerModel] = [.alpha, .beta], patients: Int = 8, scansPerPatient: Int = 2, size: Int = 32, seed: UInt64 = 1
  ) throws {
    folder = FileManager.default.temporaryDirectory.path + "/study-\(UUID().uuidString)"
    let manifest = try PhantomCohort.render(
      PhantomSpecification(
        scanners: scanners, patientsPerScanner: patients, scansPerPatient: scansPerPatient, imageSize: size, seed: seed),
      to: "\(folder)/scans")
    cohort = try Manifest.load(manifest)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  static let preprocessing = Preprocessing(channels: 1, mean: [0.5], standardDeviation: [0.25])
  static let site = Pseudonyms(key: Array("the key of this site".utf8))
  static let classes = ["benign", "lesion"]

  static func model(labels: [String] = classes, fittedPatients: FittedPatients = .none, size: Int = 32) throws -> Model {
    try Model.initialized(
      .smallCNN,
      card: ModelCard(
        architecture: .smallCNN, labels: labels, preprocessing: preprocessing,
        inputShape: FeatureShape(channels: 1, height: size, width: size), fittedPatients: fittedPatients),
      seed: 5)
  }

  /// The source model's companions by specification, trained for a moment.
  static func strategies(_ names: [String], epochs: Int = 2) throws -> [ExperimentStrategy] {
    try names.map { name in
      let strategy = try StrategyCatalogue.strategy(specified: name)
      var training = strategy.defaultTraining
      training.epochs = epochs
      training.batchSize = 8
      training.seed = 9
      return ExperimentStrategy(strategy, training: training)
    }
  }

  /// Scores beta, by two folds unless told otherwise, and names patients and scans in the clear.
  static func validation(
    _ protocolName: EvaluationProtocol, _ strategies: [ExperimentStrategy], model: Model? = nil, sources: [String] = [],
    targets: [String] = ["beta"], threads: Int? = 1, identifiers: Identifiers = .asGiven,
    changing change: (inout ExperimentConfiguration) -> Void = { _ in }
  ) throws -> CrossValidation {
    var configuration = ExperimentConfiguration(
      protocolName: protocolName, targetScanners: targets, sourceScanners: sources, folds: 2, seed: 3,
      bootstrap: PatientBootstrap(seed: 3, resamples: 50))
    change(&configuration)
    return CrossValidation(
      configuration, model: try model ?? Self.model(), named: "small.safetensors", strategies: strategies,
      loader: ScanLoader(preprocessing: preprocessing), budget: ComputeBudget(threads: threads), pseudonyms: site,
      identifiers: identifiers)
  }

  func runFolder(_ name: String) throws -> RunFolder {
    try RunFolder.create(
      in: folder, named: name,
      run: RunDescription(
        command: ["scanadapt"], version: "test", instructionSet: "test", seed: 3, inputs: [], pseudonymKeyID: Self.site.keyID))
  }

  var onBeta: [ScanRecord] { cohort.records.filter { $0.scanner == "beta" } }

  /// The same cohort with other records.
  func cohort(of records: [ScanRecord]) -> Cohort {
    Cohort(records: records, patientIdentity: cohort.patientIdentity, source: cohort.source)
  }
}

extension ScanRecord {
  func with(label: String? = nil, scanner: ScannerID? = nil) -> ScanRecord {
    ScanRecord(
      id: id, patient: patient, scanner: scanner ?? self.scanner, label: label ?? self.label, path: path, absolutePath: absolutePath)
  }
}

extension CrossValidation.Outcome {
  /// Every prediction of a strategy, fold by fold.
  func predictions(_ strategy: String) -> [Prediction] {
    records.flatMap { record in record.strategies.first { $0.name == strategy }?.predictions ?? [] }
  }
}

extension EvaluationResult {
  subscript(strategy: String) -> StrategyResult? { strategies.first { $0.name == strategy } }
}
