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

  private func clinic(lesionFraction: Double, scanner: ScannerModel = .alpha, withLabels: Bool = false) throws -> Cohort {
    let cohort = try Manifest.load(
      try PhantomCohort.render(
        PhantomSpecification(
          scanners: [scanner], patientsPerScanner: 40, firstPatient: 1001, scansPerPatient: 2, imageSize: Self.grid.size,
          lesionFraction: lesionFraction, seed: 10), to: "\(Self.grid.folder)/guard-\(UUID().uuidString)")
    )
    return withLabels ? cohort : cohort.withoutLabels
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

  private let contrast = ScannerModel(name: "contrast", gain: 0.6, offset: 0.25, blur: 0.4, noise: .gaussian(deviation: 0.02))
  private let dim = ScannerModel(name: "gain", gain: 0.6, blur: 0.4, noise: .gaussian(deviation: 0.02))

  @Test(
    "A shift of the classes' shares restrains to early normalizations beside a scanner, and without one refuses; a scanner alone does neither",
    arguments: [EntropyMinimization(), RecalibratedModel()] as [any AdaptationStrategy])
  func labelShift(_ strategy: any AdaptationStrategy) throws {
    let training = TrainingConfiguration(epochs: 1, batchSize: 16, learningRate: 1e-3)
    let layers = Self.grid.source.graph.recalibratableLayers

    let refused = try adapt(strategy, to: try clinic(lesionFraction: 0.9), training)
    #expect(refused.report.refusal?.hasPrefix("refused: 'lesion' is estimated at") == true, "\(refused.report)")
    #expect(refused.report.refusal?.contains("no other scanner shows") == true)
    #expect(refused.report.changes.isEmpty && refused.model.parameters.fingerprint == Self.grid.source.parameters.fingerprint)

    let both = try clinic(lesionFraction: 0.15, scanner: contrast)
    let restrained = try adapt(strategy, to: both, training)
    #expect(restrained.report.decision?.hasPrefix("restrained to the early half") == true, "\(restrained.report.decision ?? "")")
    #expect(Set(restrained.report.changes.map(\.layer)) == Set(layers.prefix(layers.count / 2)) && restrained.report.refusal == nil)
    #expect(restrained.report.restraint == restrained.report.decision && refused.report.restraint == nil)

    let free = try adapt(strategy, to: try clinic(lesionFraction: 0.5, scanner: dim), training)
    #expect(free.report.decision?.hasPrefix("all normalizations") == true, "\(free.report.decision ?? "")")
    #expect(Set(free.report.changes.map(\.layer)) == Set(layers) && free.report.restraint == nil)
  }

  @Test(
    "Refused in every fold, the gate says why; told to refuse, it refuses beside a scanner too; what is tolerated passes")
  func refusing() throws {
    let training = TrainingConfiguration(epochs: 1, batchSize: 16, learningRate: 1e-3)
    let both = try clinic(lesionFraction: 0.15, scanner: contrast)
    for name in ["tent", "recalibrate"] {
      let strategy = try StrategyCatalogue.strategy(specified: "\(name):guard=refuse")
      #expect(try adapt(strategy, to: both, training).report.refusal?.hasPrefix("refused: 'benign' is estimated at") == true)
      let tolerant = try StrategyCatalogue.strategy(specified: "\(name):tolerance=0.45")
      #expect(try adapt(tolerant, to: both, training).report.decision?.hasPrefix("all normalizations") == true)
      let gated = try GatedAdaptation(AdaptationRun(strategy, training: training), folds: 2).adapt(
        Self.grid.source, to: try clinic(lesionFraction: 0.95), named: "clinic", loader: ScanLoader(preprocessing: GateGrid.preprocessing),
        ledger: Ledger())
      guard case .strategyRefused = gated.outcome.reason else {
        Issue.record("\(gated.outcome)")
        continue
      }
      #expect(gated.outcome.decision == .refused && gated.adapted == nil)
    }
  }

  @Test("Recalibration isn't asked where labels are known or the guard is off, and then is the plain one, bit for bit")
  func notAsked() throws {
    let cohort = try clinic(lesionFraction: 0.9, withLabels: true)
    let labelled = try adapt(RecalibratedModel(), to: cohort, reckless)
    let off = try adapt(RecalibratedModel(guard: LabelShiftGuard(.off)), to: cohort.withoutLabels, reckless)
    #expect(labelled.report.decision == nil && off.report.decision == nil)
    #expect(labelled.model.parameters.fingerprint == off.model.parameters.fingerprint)
    #expect(labelled.model.parameters.fingerprint != Self.grid.source.parameters.fingerprint)
  }

  @Test("Labels of a few patients among many, or that the model doesn't know, leave the guard on; those of half the gate's minimum don't")
  func fewLabels() throws {
    let (labelled, bare) = (try clinic(lesionFraction: 0.9, withLabels: true), try clinic(lesionFraction: 0.9))
    func isAsked(_ patients: Int, _ cohort: Cohort) throws -> Bool {
      let chosen = Set(Set(cohort.records.map(\.patient)).sorted().prefix(patients))
      let records =
        cohort.records.filter { chosen.contains($0.patient) }
        + cohort.records.filter { !chosen.contains($0.patient) }.map { record in bare.records.first { $0.id == record.id }! }
      let some = Cohort(records: records, patientIdentity: cohort.patientIdentity, source: cohort.source)
      return try adapt(RecalibratedModel(), to: some, reckless).report.refusal?.contains("'lesion' is estimated at") == true
    }
    let foreign = try labelled.renamingLabels([
      LabelMapping(found: "lesion", model: "tumour"), LabelMapping(found: "benign", model: "none"),
    ])
    #expect(try isAsked(40, foreign))
    #expect(try isAsked(1, labelled) && isAsked(9, labelled) && !isAsked(10, labelled))
  }

  @Test("Of the layers asked for, the early half stays; where that is none, nothing is adapted and it says so")
  func layersAskedFor() throws {
    let both = try clinic(lesionFraction: 0.15, scanner: contrast)
    let layers = Self.grid.source.graph.recalibratableLayers
    func changed(_ asked: [String]) throws -> AdaptationReport {
      try adapt(RecalibratedModel(Recalibration(layers: .matching(asked))), to: both, reckless).report
    }
    #expect(try changed([layers[1], layers[3]]).changes.map(\.layer) == [layers[1]])
    let late = try changed([layers[3]])
    #expect(late.changes.isEmpty && late.refusal?.hasSuffix("none of the layers asked for is in it") == true)
  }
}
