import Adaptation
import Cohorts
import Files
import Foundation
import Graphs
import Imaging
import ModelFiles
import Normalization
import Phantoms

/// A BN-only epoch over more scans than its memory budget keeps: its peak memory must not follow their number.
enum StreamedEpoch {
  private static let side = 64
  /// Keeps neither scans nor features of the smaller number of scans.
  private static let memory = 16 << 20

  static func run(scans count: Int, threads: Int) throws {
    let folder = FileManager.default.temporaryDirectory.path + "/scanadapt-bench-\(ProcessInfo.processInfo.processIdentifier)"
    defer { try? Folder.remove(folder) }
    try PhantomCohort.render(
      PhantomSpecification(scanners: [.alpha], patientsPerScanner: count / 2, scansPerPatient: 2, imageSize: side), to: folder)
    let preprocessing = Preprocessing(
      resize: .exact(width: side, height: side), channels: 3, mean: [0.485, 0.456, 0.406], standardDeviation: [0.229, 0.224, 0.225])
    let model = try Model.initialized(
      .cifarResNet20,
      card: ModelCard(
        architecture: .cifarResNet20, labels: ["benign", "lesion"], preprocessing: preprocessing,
        inputShape: FeatureShape(channels: 3, height: side, width: side)), seed: 0)
    var strategy = NormalizationOnly()
    strategy.statistics = .target(Recalibration(method: .onePass(batchSize: 16)))
    let run = AdaptationRun(
      strategy, training: TrainingConfiguration(epochs: 1, batchSize: 16), budget: ComputeBudget(threads: threads, memory: memory))
    let loader = ScanLoader(preprocessing: preprocessing, workers: 2, memoryLimit: memory / 8)
    _ = try run.adapt(model, to: Cohort.load(folder + "/manifest.csv").allForFitting(Ledger()), loader: loader)
  }
}
