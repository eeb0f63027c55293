import Adaptation
import Cohorts
import Evaluation
import Foundation
import Normalization
import Phantoms
import Testing

@Suite("Guards of training without labels, on phantoms")
struct UnlabelledGuardTests {
  private static let grid = try! GateGrid(size: 32, sourcePatients: 60, epochs: 10, patients: 40, testPatients: 40)

  private func clinic(lesionFraction: Double, scanner: ScannerModel = .alpha, patients: Int = 40) throws -> Cohort {
    try Manifest.load(
      try PhantomCohort.render(
        PhantomSpecification(
          scanners: [scanner], patientsPerScanner: patients, firstPatient: 1001, scansPerPatient: 2, imageSize: Self.grid.size,
          lesionFraction: lesionFraction, seed: 10), to: "\(Self.grid.folder)/guard-\(UUID().uuidString)")
    ).withoutLabels
  }

  private func adapt(_ strategy: any AdaptationStrategy, to cohort: Cohort, _ training: TrainingConfiguration) throws
    -> AdaptationRun.Result
  {
    try AdaptationRun(strategy, training: training).adapt(
      Self.grid.source, to: cohort.allForFitting(Ledger()), loader: ScanLoader(preprocessing: GateGrid.preprocessing))
  }

  /// Fast and long enough that nothing but a guard ends it.
  private let reckless = TrainingConfiguration(epochs: 12, batchSize: 16, learningRate: 0.05, schedule: .init(.constant))

  @Test("Where nearly all patients are of one class, a reckless training collapses; that is seen, and the last good weights are taken")
  func collapse() throws {
    let cohort = try clinic(lesionFraction: 0.85)
    let result = try adapt(EntropyMinimization(EntropyRule(threshold: 1), guard: LabelShiftGuard(.off)), to: cohort, reckless)
    let course = try #require(result.report.unlabelled)
    let collapse = try #require(course.collapse)
    #expect(course.states.count < 13 && course.epochsKept < course.states.last!.epochs, "\(collapse)")
    #expect(result.model.card.provenance.contains { $0.contains("collapsed in epoch") })
    // Trained no further than the last good epoch, it is the same model.
    var shorter = reckless
    shorter.epochs = course.epochsKept
    let kept =
      course.epochsKept == 0
      ? try adapt(RecalibratedModel(), to: cohort, reckless)
      : try adapt(EntropyMinimization(EntropyRule(threshold: 1), guard: LabelShiftGuard(.off)), to: cohort, shorter)
    #expect(result.model.parameters.fingerprint == kept.model.parameters.fingerprint)
  }

  @Test("A shift of the classes' shares restrains it to early normalizations or refuses it; a shift of the scanner doesn't")
  func labelShift() throws {
    let training = TrainingConfiguration(epochs: 1, batchSize: 16, learningRate: 1e-3)
    let shifted = try clinic(lesionFraction: 0.9)
    let restrained = try adapt(EntropyMinimization(), to: shifted, training)
    let layers = Self.grid.source.graph.recalibratableLayers
    let early = Set(layers.prefix(layers.count / 2))
    #expect(Set(restrained.report.changes.map(\.layer)) == early)
    #expect(restrained.report.decision?.hasPrefix("restrained to the early half") == true && restrained.report.refusal == nil)

    let refusing = EntropyMinimization(guard: LabelShiftGuard(.refuse))
    let refused = try adapt(refusing, to: shifted, training)
    #expect(refused.report.refusal?.hasPrefix("refused: 'lesion' is estimated at") == true && refused.report.changes.isEmpty)
    #expect(refused.model.parameters.fingerprint == Self.grid.source.parameters.fingerprint)
    // Of half the patients no fold can say as much; against a source of few lesions each can.
    let rare = EntropyMinimization(guard: LabelShiftGuard(.refuse, prior: try #require(ClassShares(optionText: "0.95+0.05"))))
    let gated = try GatedAdaptation(AdaptationRun(rare, training: training), folds: 2).adapt(
      Self.grid.source, to: shifted, named: "clinic", loader: ScanLoader(preprocessing: GateGrid.preprocessing), ledger: Ledger())
    guard case .strategyRefused = gated.outcome.reason else {
      Issue.record("\(gated.outcome)")
      return
    }
    #expect(gated.outcome.decision == .refused && gated.adapted == nil)

    let other = ScannerModel(name: "dim", gain: 0.8, offset: 0.1, blur: 0.4, noise: .gaussian(deviation: 0.02))
    let free = try adapt(EntropyMinimization(), to: try clinic(lesionFraction: 0.5, scanner: other), training)
    #expect(free.report.decision?.hasPrefix("all normalizations") == true)
    #expect(Set(free.report.changes.map(\.layer)) == Set(layers))
  }
}
