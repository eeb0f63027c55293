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

/// A rendered cohort of two scanners, and a small network for it, in a folder of their own.
final class PhantomExperiment {
  let folder: String
  let cohort: Cohort
  let model: Model
  static let key = Pseudonyms(key: Array("a key for tests only".utf8))

  init(
    patients: Int = 12, scansPerPatient: Int = 2, scanners: [ScannerModel] = [.alpha, .beta], labels: [String] = ["benign", "lesion"],
    fitted: FittedPatients = .none
  ) throws {
    folder = FileManager.default.temporaryDirectory.path + "/experiment-\(UUID().uuidString)"
    try Folder.create(folder)
    let manifest = try PhantomCohort.render(
      PhantomSpecification(scanners: scanners, patientsPerScanner: patients, scansPerPatient: scansPerPatient, imageSize: 32),
      to: "\(folder)/scans")
    cohort = try Manifest.load(manifest)
    let card = ModelCard(
      architecture: .smallCNN, labels: labels, preprocessing: Self.preprocessing,
      inputShape: FeatureShape(channels: 1, height: 32, width: 32),
      fittedPatients: fitted)
    model = try Model.initialized(.smallCNN, card: card, seed: 5)
  }

  deinit { try? Folder.remove(folder) }

  static let preprocessing = Preprocessing(channels: 1, mean: [0.5], standardDeviation: [0.25])

  static let quick = TrainingConfiguration(epochs: 2, batchSize: 8, learningRate: 0.01, seed: 1)

  static var strategies: [ExperimentStrategy] {
    [
      ExperimentStrategy(RecalibratedModel()), ExperimentStrategy(LinearProbe(), training: quick),
      ExperimentStrategy(FullFineTuning(), training: quick),
    ]
  }

  func experiment(
    _ protocolName: EvaluationProtocol = .withinScanner, targets: [String] = ["beta"], sources: [String] = ["alpha"], folds: Int = 2,
    permutes: Bool = false, seed: UInt64 = 4, strategies: [ExperimentStrategy] = PhantomExperiment.strategies, threads: Int = 2
  ) -> CrossValidation {
    let configuration = ExperimentConfiguration(
      protocolName: protocolName, targetScanners: targets, sourceScanners: sources, folds: folds, seed: seed,
      bootstrap: PatientBootstrap(seed: seed, resamples: 200), rule: VerdictRule(minimumPatients: 8, minimumPatientsPerClass: 3),
      trainingScoreScans: 10, permutesLabels: permutes)
    return CrossValidation(
      configuration, model: model, named: "phantom.safetensors", strategies: strategies,
      loader: ScanLoader(preprocessing: Self.preprocessing),
      budget: ComputeBudget(threads: threads), pseudonyms: Self.key)
  }

  func runFolder(_ name: String = "run") throws -> RunFolder {
    try RunFolder.create(
      in: folder, named: name,
      run: RunDescription(
        command: ["evaluate"], version: "test", instructionSet: "any", seed: 4, inputs: [], pseudonymKeyID: Self.key.keyID))
  }
}
