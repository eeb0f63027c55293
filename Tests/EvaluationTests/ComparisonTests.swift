import Evaluation
import Foundation
import RandomStreams
import Testing

@Suite("Comparisons")
struct ComparisonTests {
  /// Two models right or wrong at random on some scans of each patient.
  private func models(seed: UInt64, patients: Int, scans: Int) -> (HeldOutPredictions, HeldOutPredictions) {
    var stream = RandomStream(seed: seed, purpose: "models")
    var sides: ([Prediction], [Prediction]) = ([], [])
    for patient in 0..<patients {
      for scan in 0..<Int.random(in: 1...scans, using: &stream) {
        func made(_ right: Bool) -> Prediction {
          Prediction(
            scan: "\(patient)-\(scan)", patient: "\(patient)", scanner: "A", label: 0, probabilities: right ? [0.9, 0.1] : [0.1, 0.9])
        }
        sides.0.append(made(stream.uniform() < 0.8))
        sides.1.append(made(stream.uniform() < 0.5))
      }
    }
    return (HeldOutPredictions(folds: [sides.0]), HeldOutPredictions(folds: [sides.1]))
  }

  @Test("With one scan a patient the test by patient is McNemar's exact test, and its mid-p")
  func oneScanEach() {
    for seed in 0..<40 as Range<UInt64> {
      let (candidate, reference) = models(seed: seed, patients: 25, scans: 1)
      let byPatient = PatientMcNemar(candidate: candidate, reference: reference)
      let plain = McNemar(candidate: candidate.folds[0], reference: reference.folds[0])
      #expect(abs(byPatient.pValue - plain.pValue) < 1e-12)
      #expect(abs(byPatient.midPValue - plain.midPValue) < 1e-12)
    }
  }

  @Test("With several it is the share of all swaps of patients that differ at least as much, counted one by one")
  func everySwap() {
    for seed in 0..<20 as Range<UInt64> {
      let (candidate, reference) = models(seed: seed, patients: 9, scans: 4)
      var differences: [String: Int] = [:]
      for (own, other) in zip(candidate.folds[0], reference.folds[0]) {
        differences[own.patient, default: 0] += (own.decision == 0 ? 1 : 0) - (other.decision == 0 ? 1 : 0)
      }
      let steps = Array(differences.values)
      let observed = abs(steps.reduce(0, +))
      var atLeast = 0.0
      var equal = 0.0
      for swaps in 0..<(1 << steps.count) {
        let sum = abs(steps.indices.reduce(0) { $0 + (swaps >> $1 & 1 == 1 ? steps[$1] : -steps[$1]) })
        if sum >= observed { atLeast += 1 }
        if sum == observed { equal += 1 }
      }
      let all = Double(1 << steps.count)
      let test = PatientMcNemar(candidate: candidate, reference: reference)
      #expect(abs(test.pValue - atLeast / all) < 1e-12)
      #expect(abs(test.midPValue - (atLeast - equal / 2) / all) < 1e-12)
      #expect(test.onlyCandidate - test.onlyReference == steps.reduce(0, +))
    }
  }

  @Test("Models that never differ have p = 1")
  func noDifference() {
    let (candidate, _) = models(seed: 1, patients: 5, scans: 2)
    let test = PatientMcNemar(candidate: candidate, reference: candidate)
    #expect(test.pValue == 1 && test.discordantPatients == 0)
  }

  struct Adjusted: Decodable {
    struct Row: Decodable {
      let raw: [Double]
      let holm: [Double]
      let discovery: [Double]
    }
    let adjusted: [Row]
  }

  @Test("Holm's p values are those of its definition, Benjamini and Hochberg's those of SciPy; a missing one counts for none")
  func adjusted() throws {
    for row in try Golden.decoded(Adjusted.self).adjusted {
      let made = AdjustedPValues(row.raw.map { $0 } + [nil])
      for index in row.raw.indices {
        #expect(abs(made.holm[index]! - row.holm[index]) < 1e-12)
        #expect(abs(made.benjaminiHochberg[index]! - row.discovery[index]) < 1e-12)
      }
      #expect(made.holm.last! == nil && made.benjaminiHochberg.last! == nil)
    }
  }

  struct Wilson: Decodable { let wilson: [[Double]] }

  @Test("With one scan a patient an accuracy has SciPy's Wilson interval")
  func wilson() throws {
    for row in try Golden.decoded(Wilson.self).wilson {
      let scans = (0..<Int(row[1])).map {
        Prediction(scan: "\($0)", patient: "\($0)", scanner: "A", label: 1, probabilities: Double($0) < row[0] ? [0.1, 0.9] : [0.9, 0.1])
      }
      let estimate = try #require(PatientBootstrap(seed: 1, resamples: 2).estimate(.accuracy, of: scans))
      #expect(estimate.method == .wilson)
      #expect(abs(estimate.interval!.lower - row[2]) < 1e-9 && abs(estimate.interval!.upper - row[3]) < 1e-9)
    }
  }

  @Test("Copies of a patient's scan tell nothing more: the clustered Wilson interval is no narrower than with one scan each")
  func copies() throws {
    let one = SimulatedCohort(patients: 50, scansPerPatient: 1).predictions(seed: 8)
    let copies = one.flatMap { scan in
      (0..<5).map {
        Prediction(scan: scan.scan + "+\($0)", patient: scan.patient, scanner: "A", label: scan.label, probabilities: scan.probabilities)
      }
    }
    let bootstrap = PatientBootstrap(seed: 2, resamples: 10)
    for metric in [Metric.accuracy, .sensitivity(of: 1), .balancedAccuracy] {
      let narrow = try #require(bootstrap.estimate(metric, of: one)?.interval)
      let wide = try #require(bootstrap.estimate(metric, of: copies)?.interval)
      #expect(wide.upper - wide.lower >= narrow.upper - narrow.lower - 1e-12)
      #expect(wide.upper - wide.lower < 1.15 * (narrow.upper - narrow.lower))
    }
  }

  @Test("Perfect scores still have a lower bound, and a metric without spread no interval but the reason")
  func perfect() throws {
    let scans = (0..<30).map {
      Prediction(scan: "\($0)", patient: "\($0)", scanner: "A", label: $0 % 2, probabilities: $0 % 2 == 0 ? [0.9, 0.1] : [0.1, 0.9])
    }
    let bootstrap = PatientBootstrap(seed: 1, resamples: 50)
    for metric in [Metric.auroc, .accuracy, .balancedAccuracy, .sensitivity(of: 1)] {
      let interval = try #require(bootstrap.estimate(metric, of: scans)?.interval)
      #expect(interval.lower < 0.95 && interval.upper == 1)
    }
    let precision = try #require(bootstrap.estimate(.averagePrecision, of: scans))
    #expect(precision.value == 1 && precision.interval == nil && precision.missing == .noSpread)
  }

  @Test("A class of one patient gives no interval where the class matters, and says so")
  func onePatientOfAClass() throws {
    let scans = (0..<20).map {
      Prediction(
        scan: "\($0)", patient: "\($0)", scanner: "A", label: $0 == 0 ? 1 : 0, probabilities: [1 - Double($0) / 20, Double($0) / 20])
    }
    let estimate = try #require(PatientBootstrap(seed: 1, resamples: 200).estimate(.auroc, of: scans))
    #expect(estimate.interval == nil)
    guard case .undefinedResamples = estimate.missing else {
      Issue.record("\(String(describing: estimate.missing))")
      return
    }
    #expect(PatientBootstrap(seed: 1, resamples: 200).estimate(.brier, of: scans)?.interval != nil)
  }

  @Test("Different models without any difference in a metric can't be told apart, which isn't the same as being equal")
  func noSpread() throws {
    let candidate = SimulatedCohort(patients: 60).predictions(seed: 2)
    let other = candidate.map {
      Prediction(
        scan: $0.scan, patient: $0.patient, scanner: $0.scanner, label: $0.label, probabilities: $0.probabilities.map { $0 * 0.98 + 0.01 })
    }
    let difference = try #require(
      try PatientBootstrap(seed: 1, resamples: 50).difference(.accuracy, candidate: other, reference: candidate))
    #expect(difference.difference == 0 && difference.interval == nil && difference.pValue == nil && difference.missing == .noSpread)
    #expect(VerdictRule().verdict(on: difference).reason == .noSpread)
  }

  @Test("A gain that all patients show is bounded by the patients who might not, Clopper and Pearson's share of them")
  func unanimous() throws {
    func answers(right: Bool) -> [Prediction] {
      (0..<40).map { index in
        let says = right == (index % 2 == 1)
        return Prediction(
          scan: "s\(index)", patient: "p\(index)", scanner: "B", label: index % 2, probabilities: says ? [0.1, 0.9] : [0.9, 0.1])
      }
    }
    let difference = try #require(
      try PatientBootstrap(seed: 1, resamples: 50).difference(
        .balancedAccuracy, candidate: answers(right: true), reference: answers(right: false)))
    // scipy.stats.beta.ppf(0.975, 1, 20)
    let others = 0.168433470983085
    let interval = try #require(difference.interval)
    #expect(difference.method == .unanimous && difference.difference == 1)
    #expect(abs(interval.lower - (1 - 2 * others)) < 1e-9 && interval.upper == 1)
    #expect(VerdictRule().verdict(on: difference).verdict == .adapt)
  }

  @Test("Variance of seeds and of patients: the same predictions under every seed leave the patients' only")
  func seedVariance() throws {
    let bootstrap = PatientBootstrap(seed: 1, resamples: 10)
    let cohort = SimulatedCohort(patients: 60)
    let scans = HeldOutPredictions(folds: [cohort.predictions(seed: 2)])
    let same = try #require(SeedVariance(.brier, seeds: try bootstrap.scores([.brier], of: [scans, scans, scans])))
    let alone = try #require(bootstrap.scores([.brier], of: scans).estimate(.brier))
    #expect(same.seedDeviation < 1e-12)
    #expect(abs(same.patientDeviation - alone.standardError!) < 1e-12)

    let models = (0..<4).map { HeldOutPredictions(folds: [cohort.predictions(seed: 2, model: "seed \($0)", gain: Double($0) / 3)]) }
    let several = try #require(SeedVariance(.brier, seeds: try bootstrap.scores([.brier], of: models)))
    #expect(several.values == models.map { Metric.brier.value(of: $0.folds[0])! })
    let mean = several.values.reduce(0, +) / 4
    let deviation = (several.values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 3).squareRoot()
    #expect(abs(several.seedDeviation - deviation) < 1e-12)
    #expect(several.interval.upper - several.interval.lower > 2 * 1.96 * several.patientDeviation)
    #expect(SeedVariance(.brier, seeds: [bootstrap.scores([.brier], of: scans)]) == nil)
  }

  @Test("The worst of several scanners: its interval holds the ends of every scanner's widened interval that matter")
  func worst() throws {
    let bootstrap = PatientBootstrap(seed: 1, resamples: 100)
    let groups = (0..<4).map { group in
      (
        name: "S\(group)",
        scores: bootstrap.scores(
          [.auroc], of: HeldOutPredictions(folds: [SimulatedCohort().predictions(seed: UInt64(group), gain: Double(group))]))
      )
    }
    let worst = try #require(WorstGroup(.auroc, groups: groups))
    let own = try #require(bootstrap.estimate(.auroc, of: groups[0].scores.predictions.folds[0]))
    #expect(worst.group == "S0" && worst.value == own.value && worst.groups == 4)
    #expect(worst.interval!.lower < own.interval!.lower && worst.interval!.level == 0.95)
    #expect(WorstGroup(.auroc, groups: Array(groups.prefix(1))) == nil)
  }

  @Test("Folds: the clustered variance of one fold is Obuchowski's; the same cohort in two repetitions is no more certain")
  func foldAreas() throws {
    let scans = SimulatedCohort(patients: 80).predictions(seed: 5)
    let bootstrap = PatientBootstrap(seed: 1, resamples: 20)
    let one = try #require(bootstrap.estimate(.auroc, ofFolds: [scans]))
    let twice = try #require(bootstrap.estimate(.auroc, ofFolds: [scans, scans]))
    #expect(one.method == .clusteredAreaLogit)
    #expect(abs(one.interval!.lower - twice.interval!.lower) < 1e-12)
    let components = try #require(StructuralComponents(scans))
    let variance = try #require(ClusteredArea([components])?.variance?.value)
    let logit = log(one.value / (1 - one.value))
    let upper = log(one.interval!.upper / (1 - one.interval!.upper))
    // Forty patients a side: between 39 and 78 degrees of freedom.
    let quantile = (upper - logit) * one.value * (1 - one.value) / variance.squareRoot()
    #expect(quantile > StudentDistribution(degreesOfFreedom: 78).quantile(0.975) - 1e-9)
    #expect(quantile < StudentDistribution(degreesOfFreedom: 39).quantile(0.975) + 1e-9)
  }
}
