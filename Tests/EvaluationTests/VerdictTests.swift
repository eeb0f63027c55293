import Evaluation
import Testing

@Suite("Verdict")
struct VerdictTests {
  private func verdict(
    gain: Double, patients: Int = 120, metric: Metric = .auroc, rule: VerdictRule = VerdictRule()
  ) throws -> VerdictWithReason {
    let cohort = SimulatedCohort(patients: patients)
    let difference = try PatientBootstrap(seed: 1, resamples: 400).difference(
      metric, candidate: cohort.predictions(seed: 2, model: "adapted", gain: gain), reference: cohort.predictions(seed: 2))
    return rule.verdict(on: difference)
  }

  @Test("A large gain is adapted to, a loss left alone, a little noise decides nothing")
  func threeWays() throws {
    #expect(try verdict(gain: 1.5).verdict == .adapt)
    #expect(try verdict(gain: -1.2) == verdict(gain: -1.2))
    #expect(try verdict(gain: -1.2).verdict == .leaveAlone)
    #expect(try verdict(gain: -1.2).reason == .harm)
    #expect(try verdict(gain: 0.1).verdict == .cannotTell)
  }

  @Test("For a metric where less is better, less is the gain")
  func brier() throws {
    #expect(try verdict(gain: 1.5, metric: .brier).verdict == .adapt)
  }

  @Test("Too few patients, or too few of a class, can tell nothing")
  func fewPatients() throws {
    #expect(try verdict(gain: 3, patients: 12).reason == .tooFewPatients(found: 12, needed: 20))
    #expect(
      try verdict(gain: 3, rule: VerdictRule(minimumPatientsPerClass: 70)).reason == .tooFewPatientsOfAClass(found: 60, needed: 70))
  }

  @Test("A class that no patient has is none that has too few, wherever it stands")
  func unusedClass() throws {
    let cohort = SimulatedCohort(patients: 120)
    func withUnusedMiddle(_ predictions: [Prediction]) -> [Prediction] {
      predictions.map {
        Prediction(
          scan: $0.scan, patient: $0.patient, scanner: $0.scanner, label: $0.label.map { 2 * $0 },
          probabilities: [$0.probabilities[0], 0, $0.probabilities[1]])
      }
    }
    let difference = try PatientBootstrap(seed: 1, resamples: 400).difference(
      .accuracy, candidate: withUnusedMiddle(cohort.predictions(seed: 2, model: "adapted", gain: 3)),
      reference: withUnusedMiddle(cohort.predictions(seed: 2)))
    #expect(difference?.patientsPerClass == [60, 0, 60])
    #expect(VerdictRule().verdict(on: difference).verdict == .adapt)
  }

  @Test("Without a defined difference nobody can tell")
  func undefined() throws {
    let oneClass = SimulatedCohort().predictions(seed: 1).filter { $0.label == 1 }
    let difference = try PatientBootstrap(seed: 1, resamples: 50).difference(.auroc, candidate: oneClass, reference: oneClass)
    #expect(difference == nil)
    #expect(VerdictRule().verdict(on: difference).reason == .undefined)
  }

  @Test("The margin moves the line")
  func margin() throws {
    #expect(try verdict(gain: 1.5, rule: VerdictRule(margin: 0.5)).verdict == .leaveAlone)
  }
}
