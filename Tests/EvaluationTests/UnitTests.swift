import Evaluation
import Foundation
import Testing

@Suite("Units, thresholds and findings")
struct UnitTests {
  private func scan(_ id: String, _ patient: String, _ label: Int?, _ probability: Double) -> Prediction {
    Prediction(scan: id, patient: patient, scanner: "A", label: label, probabilities: [1 - probability, probability])
  }

  @Test("A patient's score is the mean over their labelled scans; one whose scans disagree has no label and is named")
  func patients() throws {
    let scans = [
      scan("1", "a", 1, 0.9), scan("2", "a", 1, 0.5), scan("3", "a", nil, 0.0), scan("4", "b", 0, 0.2), scan("5", "c", 0, 0.1),
      scan("6", "c", 1, 0.3),
    ]
    let made = EvaluationUnit.patient.applied(to: scans)
    #expect(made.map(\.patient) == ["a", "b", "c"])
    #expect(made.map(\.label) == [1, 0, nil])
    #expect(abs(made[0].probabilities[1] - 0.7) < 1e-12)
    #expect(EvaluationUnit.patient.ambiguousPatients(in: scans) == ["c"])
    #expect(EvaluationUnit.scan.applied(to: scans) == scans && EvaluationUnit.scan.ambiguousPatients(in: scans).isEmpty)
  }

  @Test("With one scan a patient both units give the same value and interval", arguments: [Metric.auroc, .balancedAccuracy, .brier])
  func sameUnits(metric: Metric) throws {
    let scans = SimulatedCohort(scansPerPatient: 1).predictions(seed: 3)
    let bootstrap = PatientBootstrap(seed: 1, resamples: 200)
    let byScan = try #require(bootstrap.estimate(metric, of: scans))
    let byPatient = try #require(bootstrap.estimate(metric, of: EvaluationUnit.patient.applied(to: scans)))
    #expect(abs(byScan.value - byPatient.value) < 1e-12)
    #expect(abs(byScan.interval!.lower - byPatient.interval!.lower) < 1e-12)
  }

  @Test("Without a threshold from other patients nothing is claimed at one, and the reason is kept")
  func noThreshold() {
    let scans = SimulatedCohort().predictions(seed: 3)
    #expect(Metric.sensitivityAtThreshold.value(of: scans) == nil)
    #expect(Metric.sensitivityAtThreshold.undefinedReason(ofFolds: [scans]) == .noThreshold)
    let half = DecisionThreshold(0.5)
    #expect(Metric.sensitivityAtThreshold.value(of: scans, threshold: half) == Metric.sensitivity(of: 1).value(of: scans))
    #expect(Metric.specificityAtThreshold.value(of: scans, threshold: half) == Metric.specificity(of: 1).value(of: scans))
    #expect(Metric.specificityAtThreshold.undefinedReason(ofFolds: [scans, scans], thresholds: [half, nil]) == .noThreshold)
  }

  @Test("Each fold is decided at its own threshold")
  func thresholdsByFold() {
    let low = [scan("1", "a", 1, 0.3), scan("2", "b", 0, 0.1)]
    let high = [scan("3", "c", 1, 0.9), scan("4", "d", 0, 0.7)]
    let own = [DecisionThreshold(0.2), DecisionThreshold(0.8)]
    #expect(Metric.sensitivityAtThreshold.value(ofFolds: [low, high], thresholds: own) == 1)
    #expect(Metric.specificityAtThreshold.value(ofFolds: [low, high], thresholds: own) == 1)
    #expect(Metric.sensitivityAtThreshold.value(ofFolds: [low, high], thresholds: [own[1], own[1]]) == 0.5)
  }

  struct Findings: Decodable {
    struct Cohort: Decodable {
      let labels: [[Bool?]]
      let probabilities: [[Double]]
      let auroc: [Double]
      let auprc: [Double]
      let macroAuroc: Double
      let macroAuprc: Double
    }
    let findings: [Cohort]
  }

  @Test("Several findings a scan: each over the scans labelled for it, and their mean, as scikit-learn's")
  func findings() throws {
    for cohort in try Golden.decoded(Findings.self).findings {
      let predictions = cohort.labels.indices.map {
        MultiLabelPrediction(
          scan: "\($0)", patient: "\($0 / 2)", scanner: "A", labels: cohort.labels[$0], probabilities: cohort.probabilities[$0])
      }
      for (metric, each, macro) in [(Metric.auroc, cohort.auroc, cohort.macroAuroc), (.averagePrecision, cohort.auprc, cohort.macroAuprc)] {
        let score = MultiLabelScore(metric, of: predictions)
        #expect(abs(score.macro! - macro) < 1e-9)
        for (value, expected) in zip(score.byFinding, each) { #expect(abs(value! - expected) < 1e-9) }
        let bootstrap = PatientBootstrap(seed: 1, resamples: 200)
        let estimate = try #require(bootstrap.macroEstimate(metric, of: predictions))
        #expect(abs(estimate.value - macro) < 1e-9 && estimate.interval!.contains(macro))
        #expect(bootstrap.estimates(metric, of: predictions).count == each.count)
      }
    }
  }

  @Test("A difference of means is that of the two, in the same resamples; from itself it is zero; of other scans it is refused")
  func meanDifferences() throws {
    let cohort = try #require(try Golden.decoded(Findings.self).findings.first)
    func predictions(_ change: (Double) -> Double) -> [MultiLabelPrediction] {
      cohort.labels.indices.map {
        MultiLabelPrediction(
          scan: "\($0)", patient: "\($0 / 2)", scanner: "A", labels: cohort.labels[$0], probabilities: cohort.probabilities[$0].map(change))
      }
    }
    let (better, worse) = (predictions { $0 }, predictions { ($0 * 5).rounded() / 5 })
    let bootstrap = PatientBootstrap(seed: 1, resamples: 200)
    let folds = [Array(better.prefix(20)), Array(better.dropFirst(20))]
    let otherFolds = [Array(worse.prefix(20)), Array(worse.dropFirst(20))]
    let difference = try #require(try bootstrap.macroDifference(.auroc, candidateFolds: folds, referenceFolds: otherFolds))
    let values = [folds, otherFolds].compactMap { bootstrap.macroEstimate(.auroc, ofFolds: $0)?.value }
    #expect(difference.candidate == values[0] && difference.reference == values[1] && difference.difference == values[0] - values[1])
    #expect(difference.patientsPerClass.count == 2 * cohort.labels[0].count)
    let same = try #require(try bootstrap.macroDifference(.auroc, candidateFolds: folds, referenceFolds: folds))
    #expect(same.difference == 0 && same.interval == Interval(lower: 0, upper: 0, level: 0.95))
    #expect(throws: ComparisonError.self) {
      try bootstrap.macroDifference(.auroc, candidateFolds: folds, referenceFolds: [folds[0], Array(folds[1].dropLast())])
    }
  }

  @Test("A finding that nobody has, or nobody looked for, is absent and takes no part in the mean")
  func absentFinding() {
    let predictions = (0..<6).map {
      MultiLabelPrediction(
        scan: "\($0)", patient: "\($0)", scanner: "A", labels: [$0 % 2 == 0, false, nil],
        probabilities: [$0 % 2 == 0 ? 0.8 : 0.3, 0.1, 0.5])
    }
    let score = MultiLabelScore(.auroc, of: predictions)
    #expect(score.byFinding == [1, nil, nil] && score.macro == 1)
  }
}
