import Evaluation
import Foundation
import RandomStreams
import Testing

private func prediction(_ scan: Int, label: Int?, _ probabilities: [Double], patient: String? = nil) -> Prediction {
  Prediction(scan: "\(scan)", patient: patient ?? "\(scan)", scanner: "A", label: label, probabilities: probabilities)
}

@Suite("Metrics")
struct MetricTests {
  static let every: [Metric] = [
    .accuracy, .balancedAccuracy, .auroc, .aurocOneVersusOne, .averagePrecision, .sensitivity(of: 1), .specificity(of: 1),
    .sensitivityAtThreshold, .specificityAtThreshold, .brier, .logLoss, .calibrationError(bins: 15),
    .calibrationErrorEqualMass(bins: 15), .f1, .matthewsCorrelation, .kappa,
  ]

  @Test("Nothing is defined without a labelled scan", arguments: every)
  func empty(metric: Metric) {
    #expect(metric.value(of: []) == nil)
    #expect(metric.value(of: [prediction(0, label: nil, [0.4, 0.6])]) == nil)
    #expect(metric.value(ofFolds: []) == nil)
  }

  @Test("With one class there is no AUROC, balanced accuracy or correlation, and none of them is zero or a half")
  func oneClass() {
    let scans = [prediction(0, label: 1, [0.2, 0.8]), prediction(1, label: 1, [0.7, 0.3])]
    for metric in [Metric.auroc, .balancedAccuracy, .matthewsCorrelation, .specificity(of: 1), .sensitivity(of: 0)] {
      #expect(metric.value(of: scans) == nil)
    }
    #expect(Metric.accuracy.value(of: scans) == 0.5)
    #expect(Metric.sensitivity(of: 1).value(of: scans) == 0.5)
  }

  @Test("Unlabelled scans change no metric", arguments: every)
  func unlabelled(metric: Metric) {
    let scans = SimulatedCohort().predictions(seed: 1)
    let more = scans + [prediction(999, label: nil, [0.01, 0.99])]
    #expect(metric.value(of: scans) == metric.value(of: more))
  }

  @Test("The AUROC is the share of ordered pairs, ties one half, counted pair by pair")
  func pairs() {
    for seed in 0..<20 as Range<UInt64> {
      var stream = RandomStream(seed: seed, purpose: "pairs")
      let scans = (0..<40).map { scan in
        let score = Double(Int.random(in: 0...8, using: &stream)) / 8
        return prediction(scan, label: Int.random(in: 0...1, using: &stream), [1 - score, score])
      }
      let positives = scans.filter { $0.label == 1 }.map { $0.probabilities[1] }
      let negatives = scans.filter { $0.label == 0 }.map { $0.probabilities[1] }
      var ordered = 0.0
      for x in positives { for y in negatives { ordered += x > y ? 1 : x == y ? 0.5 : 0 } }
      let expected = ordered / Double(positives.count * negatives.count)
      #expect(abs(Metric.auroc.value(of: scans)! - expected) < 1e-12)
      #expect(abs(StructuralComponents(scans)!.area - expected) < 1e-12)
    }
  }

  @Test("A fold without a class takes no part in an AUROC; decisions of all folds are counted together")
  func undefinedFold() {
    let good = [prediction(0, label: 0, [0.9, 0.1]), prediction(1, label: 1, [0.1, 0.9])]
    let oneClass = [prediction(2, label: 1, [0.9, 0.1])]
    #expect(Metric.auroc.value(ofFolds: [good, oneClass]) == 1)
    #expect(Metric.accuracy.value(ofFolds: [good, oneClass]) == 2.0 / 3)
    #expect(Metric.balancedAccuracy.value(ofFolds: [good, oneClass]) == 0.75)
  }

  @Test("A metric survives its name, in JSON too", arguments: every)
  func names(metric: Metric) throws {
    #expect(Metric(name: metric.name) == metric)
    #expect(try JSONDecoder().decode(Metric.self, from: JSONEncoder().encode(metric)) == metric)
  }

  @Test("The confusion matrix has a row per true class, also for classes nobody has")
  func confusion() {
    let matrix = ConfusionMatrix([prediction(0, label: 0, [0.2, 0.8, 0]), prediction(1, label: 1, [0, 1, 0])], classCount: 3)
    #expect(matrix[0, 1] == 1 && matrix[1, 1] == 1 && matrix.total == 2)
    #expect(matrix.recall(of: 2) == nil)
  }
}
