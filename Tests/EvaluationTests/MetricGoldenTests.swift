import Evaluation
import Foundation
import Testing

/// A small random cohort with ties, patient weights, missing labels or a single class, and what scikit-learn says of it.
struct MetricCase: Decodable {
  let patients: [Int]
  let labels: [Int?]
  let probabilities: [[Double]]
  let weights: [Double]
  let values: [String: Double?]

  var predictions: [Prediction] {
    patients.indices.map {
      Prediction(scan: "\($0)", patient: "\(patients[$0])", scanner: "A", label: labels[$0], probabilities: probabilities[$0])
    }
  }
}

@Suite("Metrics against scikit-learn")
struct MetricGoldenTests {
  struct File: Decodable { let cases: [MetricCase] }
  let cases: [MetricCase]

  init() throws { cases = try Golden.decoded(File.self).cases }

  @Test("Every metric agrees to 1e-9 over 160 cohorts: ties, one class only, weighted patients, missing labels")
  func agreement() throws {
    for (number, sample) in cases.enumerated() {
      for (name, expected) in sample.values {
        let metric = try #require(Metric(name: name))
        let value = metric.value(ofFolds: [sample.predictions]) { sample.weights[Int($0)!] }
        switch (value, expected) {
        case (nil, nil): break
        case (let value?, let expected?): #expect(abs(value - expected) < 1e-9, "case \(number), \(name): \(value), not \(expected)")
        default: Issue.record("case \(number), \(name): \(String(describing: value)), not \(String(describing: expected))")
        }
      }
    }
  }

  @Test("What is undefined has a reason, what is defined has none")
  func reasons() throws {
    for sample in cases where sample.weights.allSatisfy({ $0 == 1 }) {
      for name in sample.values.keys {
        let metric = try #require(Metric(name: name))
        let reason = metric.undefinedReason(ofFolds: [sample.predictions])
        #expect((reason == nil) == (metric.value(of: sample.predictions) != nil))
      }
    }
  }
}
