import Evaluation
import Foundation
import Testing

struct CurveCase: Decodable {
  let patients: [Int]
  let labels: [Int]
  let scores: [Double]
  let roc: [Double]
  let precision: [Double]
  let youden: Double
  let reliability: [String: [[Double]]]
  let slope: Double
  let slopeError: Double
  let intercept: Double
  let interceptError: Double

  var predictions: [Prediction] {
    scores.indices.map {
      Prediction(
        scan: "\($0)", patient: "\(patients[$0])", scanner: "A", label: labels[$0], probabilities: [1 - scores[$0], scores[$0]])
    }
  }
}

@Suite("Curves against scikit-learn")
struct CurveTests {
  struct File: Decodable { let curves: [CurveCase] }
  let cases: [CurveCase]

  init() throws { cases = try Golden.decoded(File.self).curves }

  @Test("ROC and precision-recall curves pass through scikit-learn's at a hundred and one places")
  func rankingCurves() throws {
    for sample in cases {
      let predictions = HeldOutPredictions(folds: [sample.predictions])
      for (kind, expected) in [(RankingCurve.Kind.roc, sample.roc), (.precisionRecall, sample.precision)] {
        let curve = try #require(RankingCurve(kind, of: predictions, bootstrap: PatientBootstrap(seed: 1), resamples: 40))
        #expect(curve.points.count == 101)
        for (point, value) in zip(curve.points, expected) where kind == .roc || point.x > 0 {
          #expect(abs(point.y - value) < 1e-9, "\(kind) at \(point.x): \(point.y), not \(value)")
        }
        #expect(curve.points.allSatisfy { $0.lower! <= $0.upper! })
      }
    }
  }

  @Test("The area under the ROC curve's places is nearly the AUROC")
  func areaUnderPlaces() throws {
    let scans = SimulatedCohort(patients: 400).predictions(seed: 2)
    let curve = try #require(RankingCurve(.roc, of: HeldOutPredictions(folds: [scans]), bootstrap: PatientBootstrap(seed: 1), resamples: 2))
    let area = zip(curve.points, curve.points.dropFirst()).reduce(0) { $0 + ($1.1.x - $1.0.x) * ($1.1.y + $1.0.y) / 2 }
    #expect(abs(area - Metric.auroc.value(of: scans)!) < 0.005)
  }

  @Test("Youden's threshold is the first of scikit-learn's thresholds that is best")
  func youden() throws {
    for sample in cases {
      let threshold = try #require(ThresholdRule.youden.threshold(on: sample.predictions))
      #expect(threshold.value == 1 - (1 - sample.youden) || abs(threshold.value - sample.youden) < 1e-12)
      #expect(threshold.origin == .validation(patients: Set(sample.patients).count, scans: sample.scores.count))
    }
  }

  @Test("A threshold for a sensitivity reaches it on the patients it was chosen on, and the next higher one doesn't")
  func wantedSensitivity() throws {
    for sample in cases {
      let threshold = try #require(ThresholdRule.sensitivity(atLeast: 0.8).threshold(on: sample.predictions))
      #expect(Metric.sensitivityAtThreshold.value(of: sample.predictions, threshold: threshold)! >= 0.8)
      let higher = DecisionThreshold(threshold.value.nextUp)
      #expect(Metric.sensitivityAtThreshold.value(of: sample.predictions, threshold: higher)! < 0.8)
      let specific = ThresholdRule.specificity(atLeast: 0.9).threshold(on: sample.predictions)
      if let specific { #expect(Metric.specificityAtThreshold.value(of: sample.predictions, threshold: specific)! >= 0.9) }
    }
  }

  @Test("Reliability curves of a class's probability are scikit-learn's, equal width and equal mass")
  func reliability() throws {
    for sample in cases {
      for binning in [CalibrationBinning.equalWidth, .equalMass] {
        let curve = ReliabilityCurve(sample.predictions, of: .probability(of: 1), binning: binning, bins: 10)
        let filled = curve.bins.filter { $0.scans > 0 }
        let expected = try #require(sample.reliability[binning.rawValue])
        #expect(filled.count == expected[0].count)
        for (bin, (observed, predicted)) in zip(filled, zip(expected[0], expected[1])) {
          #expect(abs(bin.observed! - observed) < 1e-9 && abs(bin.predicted! - predicted) < 1e-9)
          #expect(bin.interval.map { $0.contains(bin.observed!) } ?? (bin.patients < 2))
        }
      }
    }
  }

  @Test("The bins of the confidence curve add up to the calibration error", arguments: [CalibrationBinning.equalWidth, .equalMass])
  func calibrationError(binning: CalibrationBinning) {
    let scans = SimulatedCohort().predictions(seed: 4)
    let bins = ReliabilityCurve(scans, binning: binning).bins
    #expect(bins.map(\.scans).reduce(0, +) == scans.count)
    let error = bins.reduce(0.0) { total, bin in
      guard let predicted = bin.predicted, let observed = bin.observed else { return total }
      return total + abs(predicted - observed) * Double(bin.scans) / Double(scans.count)
    }
    let metric: Metric = binning == .equalWidth ? .calibrationError(bins: 15) : .calibrationErrorEqualMass(bins: 15)
    #expect(abs(error - metric.value(of: scans)!) < 1e-12)
  }

  @Test("Calibration slope and intercept, with clustered errors, are those of their definition")
  func calibrationFit() throws {
    for sample in cases {
      let fit = try #require(CalibrationFit(sample.predictions))
      let quantile = StudentDistribution(degreesOfFreedom: Double(Set(sample.patients).count - 1)).quantile(0.975)
      #expect(abs(fit.slope - sample.slope) < 1e-8)
      #expect(abs(fit.intercept - sample.intercept) < 1e-8)
      #expect(abs((fit.slopeInterval.upper - fit.slope) / quantile - sample.slopeError) < 1e-7)
      #expect(abs((fit.interceptInterval.upper - fit.intercept) / quantile - sample.interceptError) < 1e-7)
    }
  }

  @Test("Where one logit splits the classes there is no slope; with one class no curve")
  func undefined() {
    let split = (0..<8).map {
      Prediction(scan: "\($0)", patient: "\($0)", scanner: "A", label: $0 / 4, probabilities: $0 < 4 ? [0.9, 0.1] : [0.2, 0.8])
    }
    #expect(CalibrationFit(split) == nil)
    let oneClass = Array(split.prefix(4))
    #expect(CalibrationFit(oneClass) == nil)
    #expect(RankingCurve(.roc, of: HeldOutPredictions(folds: [oneClass]), bootstrap: PatientBootstrap(seed: 1)) == nil)
    #expect(ThresholdRule.youden.threshold(on: oneClass) == nil)
  }
}
