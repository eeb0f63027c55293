import Evaluation
import Experiments
import Testing

/// Each patient once: the mean of their scans' probabilities of class 1, and their label.
private func byPatient(_ predictions: [Prediction]) -> [(score: Double, isPositive: Bool)] {
  var found: [(score: Double, isPositive: Bool)] = []
  for scans in Dictionary(grouping: predictions, by: \.patient).values {
    let sum: Double = scans.reduce(0) { $0 + $1.probabilities[1] }
    found.append((sum / Double(scans.count), scans[0].label == 1))
  }
  return found
}

private func area(_ patients: [(score: Double, isPositive: Bool)]) -> Double {
  var (won, pairs) = (0.0, 0.0)
  for positive in patients where positive.isPositive {
    for negative in patients where !negative.isPositive {
      won += positive.score > negative.score ? 1 : positive.score == negative.score ? 0.5 : 0
      pairs += 1
    }
  }
  return won / pairs
}

/// Sensitivity and specificity.
private func rates(_ patients: [(score: Double, isPositive: Bool)], at threshold: Double) -> (Double, Double) {
  let (sick, well) = (patients.filter(\.isPositive), patients.filter { !$0.isPositive })
  return (
    Double(sick.count { $0.score >= threshold }) / Double(sick.count), Double(well.count { $0.score < threshold }) / Double(well.count)
  )
}

@Suite("Patients as the unit") struct PatientUnitTests {
  private let study: PhantomStudy

  init() throws { study = try PhantomStudy(scanners: [.beta], patients: 24, scansPerPatient: 3) }

  private func outcome(_ unit: EvaluationUnit) throws -> CrossValidation.Outcome {
    try PhantomStudy.validation(.withinScanner, PhantomStudy.strategies(["recalibrate", "linear-probe"])) {
      $0.unit = unit
      $0.nesting = Nesting(innerFolds: 2, learningRates: [1e-3, 0.1], threshold: .youden)
      ($0.probesShortcuts, $0.metrics) = (true, [.auroc])
    }.run(on: study.cohort)
  }

  @Test("Inner folds choose by patients' scores, thresholds are chosen and used on them, and so is the shortcut probe's AUROC")
  func patients() throws {
    let outcome = try outcome(.patient)
    let conduct = try #require(outcome.result.conduct)
    for (record, choice) in zip(outcome.records, conduct.choices) {
      for entry in choice.scores {
        let own = record.inner.filter { $0.candidate == entry.candidate }
        let expected = own.map { area(byPatient($0.predictions)) }.reduce(0, +) / 2
        let score = try #require(entry.score)
        #expect(abs(score - expected) < 1e-12)
      }
      let inner = record.inner.filter { $0.candidate.strategy == "recalibrate" }.flatMap { byPatient($0.predictions) }
      let threshold = try #require(record["recalibrate"]?.threshold)
      let best = inner.map { rates(inner, at: $0.score) }.map { $0.0 + $0.1 }.max()!
      let found = rates(inner, at: threshold.value - 1e-12)
      #expect(abs(found.0 + found.1 - best) < 1e-12 && inner.contains { abs($0.score - threshold.value) < 1e-12 })
      #expect(threshold.origin == .validation(patients: inner.count, scans: inner.count))
    }
    let result = try #require(conduct.thresholds.first { $0.strategy == "recalibrate" })
    var all: [(score: Double, isPositive: Bool)] = []
    for (record, threshold) in zip(outcome.records, result.thresholds) {
      let own = byPatient(record["recalibrate"]!.predictions)
      all += own.map { ($0.score - threshold!.value, $0.isPositive) }
    }
    let expected = rates(all, at: -1e-12)
    let (sensitivity, specificity) = (try #require(result.sensitivity), try #require(result.specificity))
    #expect(abs(sensitivity - expected.0) < 1e-12 && abs(specificity - expected.1) < 1e-12)
    let shortcut = try #require(conduct.shortcut)
    let (probe, network, lead) = (try #require(shortcut.probe), try #require(shortcut.network), try #require(shortcut.lead))
    let name = try #require(shortcut.strategy)
    let expectedProbe = outcome.records.map { area(byPatient($0.shortcut!.predictions)) }.reduce(0, +) / 2
    let expectedNetwork = outcome.records.map { area(byPatient($0[name]!.predictions)) }.reduce(0, +) / 2
    #expect(abs(probe.value - expectedProbe) < 1e-12 && abs(network.value - expectedNetwork) < 1e-12)
    #expect(abs(lead.difference - (expectedNetwork - expectedProbe)) < 1e-12)
  }

  @Test("Runs by scan and by patient are different runs: what was chosen inside one doesn't stand for the other")
  func identity() throws {
    func identity(_ unit: EvaluationUnit) throws -> String {
      try PhantomStudy.validation(.withinScanner, PhantomStudy.strategies(["recalibrate"])) { $0.unit = unit }.plan(on: study.cohort)
        .identity
    }
    let (scan, again, patient) = (try identity(.scan), try identity(.scan), try identity(.patient))
    #expect(scan == again && scan != patient)
  }
}
