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
import Testing

@Suite("Advice where the answer is planted", .serialized)
struct PlantedAdviceTests {
  /// Flatter and brighter than the phantoms' own beta, so that the network fails on it whatever path its training took.
  private static let beta = ScannerModel(
    name: "beta", gain: 0.3, offset: 0.5, gamma: 0.8, blur: 0.4, noise: .rician(deviation: 0.005), vignetting: 0.15, bitDepth: 16)

  /// A small network trained on scanner alpha, and patients of other scanners.
  private static let source = Result { try Planted() }

  private final class Planted: Sendable {
    let folder: String
    let model: Model
    static let preprocessing = Preprocessing(channels: 1, mean: [0.5], standardDeviation: [0.25])

    init() throws {
      folder = FileManager.default.temporaryDirectory.path + "/planted-\(UUID().uuidString)"
      let fresh = try Model.initialized(.smallCNN, card: PhantomStudy.model().card, seed: 0)
      let scans = try Self.cohort("\(folder)/source", .alpha, patients: 48, first: 1, seed: 1)
      var training = FullFineTuning().defaultTraining
      training.epochs = 16
      training.optimizer.rule = .sgd()
      training.learningRate = 0.05
      training.augmentation = Augmentation(horizontalFlip: true)
      model = try AdaptationRun(FullFineTuning(), training: training).adapt(
        fresh, to: scans.allForFitting(Ledger()), loader: ScanLoader(preprocessing: Self.preprocessing)
      ).model
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    static func cohort(_ folder: String, _ scanner: ScannerModel, patients: Int, first: Int, seed: UInt64) throws -> Cohort {
      try Manifest.load(
        try PhantomCohort.render(
          PhantomSpecification(
            scanners: [scanner], patientsPerScanner: patients, firstPatient: first, scansPerPatient: 2, imageSize: 32, seed: seed),
          to: folder))
    }
  }

  private func advice(on scanner: ScannerModel, _ names: [String], sizes: [Int], patients: Int = 32) throws -> Advice {
    let planted = try Self.source.get()
    let cohort = try Planted.cohort("\(planted.folder)/\(scanner.name)-\(patients)", scanner, patients: patients, first: 1001, seed: 2)
    let strategies = try names.map { name in
      let strategy = try StrategyCatalogue.strategy(named: name)
      var training = strategy.defaultTraining
      training.epochs = 8
      return ExperimentStrategy(strategy, training: training)
    }
    let configuration = AdviceConfiguration(
      evaluation: ExperimentConfiguration(folds: 2, seed: 0, bootstrap: PatientBootstrap(seed: 0, resamples: 300)), sizes: sizes, draws: 3)
    let evaluation = try PhantomStudy.validation(.withinScanner, strategies, model: planted.model, threads: 2)
    return try AdviceStudy(configuration, evaluation: evaluation).plan(on: cohort).run()
  }

  @Test("Another scanner, few patients: new statistics alone are advised, and every weight is worse for variance, not for bias")
  func fewPatients() throws {
    let advice = try advice(on: Self.beta, ["recalibrate", "full"], sizes: [4, 8, 16])
    #expect(advice.verdict.kind == .adapt && advice.verdict.strategy == "recalibrate", "\(advice.verdict.sentence)")
    #expect(advice.ranks[0].strategy == "recalibrate" && advice.ranks[0].isRecommended && advice.ranks[0].verdict == .adapt)
    #expect(advice.ranks.last?.strategy == "source" && advice.ranks.last!.place > advice.ranks[0].place)
    func error(_ strategy: String, _ size: Int) -> Double {
      advice.curves.first { $0.strategy == strategy }!.points.first { $0.size == size }!.error
    }
    #expect(error("recalibrate", 4) < error("full", 4))
    // With more patients full isn't worse beyond chance, which is no reason to change more.
    let full = advice.ranks.first { $0.strategy == "full" }!
    #expect(full.place == advice.ranks[0].place && full.fromBest!.interval.lower <= 0)
    func parts(_ strategy: String) -> BiasVariance { advice.spreads.first { $0.strategy == strategy && $0.size == 8 }!.parts }
    #expect(parts("full").variance > parts("recalibrate").variance)
    #expect(parts("source").variance < 1e-12)
  }

  @Test("The scanner the network comes from: it is left as it is, or nothing can be told; never is a change advised")
  func sameScanner() throws {
    let advice = try advice(on: .alpha, ["recalibrate", "linear-probe"], sizes: [8, 16])
    #expect(advice.verdict.kind != .adapt && advice.verdict.strategy == "source" && advice.command == nil)
    #expect(advice.ranks[0].strategy == "source" && advice.ranks[0].place == 1)
  }

  @Test("Fewer patients than a verdict needs: too few to tell, whatever the errors are")
  func tooFew() throws {
    let advice = try advice(on: Self.beta, ["recalibrate"], sizes: [4, 6], patients: 12)
    #expect(advice.verdict.kind == .cannotTell && advice.verdict.sentence.hasPrefix("Too few patients to tell: 12 patients"))
    #expect(advice.ranks.allSatisfy { !$0.isRecommended && ($0.verdict ?? .cannotTell) == .cannotTell })
    #expect(advice.crossings.allSatisfy { $0.verdict == .tooFewPatients(found: 12, needed: 20) })
  }
}
