import Adaptation
import Evaluation
import Foundation
import RandomStreams
import Testing

private func prediction(_ index: Int, _ probability: Double, label: Int? = nil) -> Prediction {
  Prediction(
    scan: "s\(index)", patient: "p\(index / 2)", scanner: "B", label: label, probabilities: [1 - probability, probability])
}

@Suite("Class shares from a model's answers")
struct LabelShiftTests {
  @Test("EM's fixed point is NumPy's")
  func golden() throws {
    let answers = (0..<30).map { prediction($0, 0.5 + 0.45 * sin(Double($0) * 0.9 + 0.4)) }
    let found = try #require(LabelShiftEstimate.byExpectationMaximization(answers))
    #expect(abs(found.shares[1] - 0.5524755628522019) < 1e-3 && abs(found.shares.reduce(0, +) - 1) < 1e-12)
    #expect(!found.isBeyondChance)
  }

  @Test("BBSE solves the confusion matrix's system as NumPy does, and gives up where the source can't tell the classes apart")
  func blackBox() throws {
    // Decided 1 of true 0: 2 of 10; of true 1: 7 of 10.
    let source = (0..<20).map { index in prediction(index, (index < 10 ? index < 2 : index < 17) ? 0.9 : 0.1, label: index < 10 ? 0 : 1) }
    let target = (0..<10).map { prediction(100 + $0, $0 < 6 ? 0.9 : 0.1) }
    let found = try #require(LabelShiftEstimate.byBlackBox(target, source: source))
    #expect(abs(found.shares[0] - 0.2) < 1e-12 && abs(found.shares[1] - 0.8) < 1e-12 && found.prior == [0.5, 0.5])
    let useless = (0..<20).map { prediction($0, 0.9, label: $0 % 2) }
    #expect(LabelShiftEstimate.byBlackBox(target, source: useless) == nil)
    #expect(LabelShiftEstimate.byBlackBox(target, source: source.filter { $0.label == 0 }) == nil)
  }

  @Test("Calibrated answers of another mixture give its share back, and the interval leaves out the prior")
  func recovers() throws {
    var stream = RandomStream(seed: 4, purpose: "label shift")
    // Scores N(±1, 1) have the posterior 1 / (1 + exp(-2 s)) under equal shares.
    let answers = (0..<600).map { index -> Prediction in
      let isPositive = (index / 2) % 10 < 8
      let score = stream.normal() + (isPositive ? 1 : -1)
      return prediction(index, 1 / (1 + exp(-2 * score)))
    }
    let found = try #require(LabelShiftEstimate.byExpectationMaximization(answers))
    #expect(abs(found.shares[1] - 0.8) < 0.06 && found.isBeyondChance)
    let interval = try #require(found.intervals)[1]
    #expect(interval.lower < 0.8 && interval.upper > 0.8)
  }

  /// Of a model as good as sure of every scan, one a patient, in these shares of a hundred.
  private func estimate(_ counts: [Int]) throws -> LabelShiftEstimate {
    let labels = counts.indices.flatMap { Array(repeating: $0, count: counts[$0]) }
    return try #require(
      .byExpectationMaximization(
        labels.enumerated().map { index, label in
          let probabilities = counts.indices.map { $0 == label ? 1 - 1e-9 : 1e-9 / Double(counts.count - 1) }
          return Prediction(scan: "s\(index)", patient: "p\(index)", scanner: "B", label: nil, probabilities: probabilities)
        }))
  }

  @Test("Of three classes the one that vanished is believed, though another grew beyond tolerance and isn't borne out")
  func threeClasses() throws {
    func finding(_ early: [Int], _ whole: [Int]) throws -> LabelShiftFinding {
      LabelShiftFinding(
        source: try estimate([34, 33, 33]), early: try estimate(early), whole: try estimate(whole), scannerMismatch: 1,
        labels: ["a", "b", "c"], tolerance: 0.15)
    }
    let vanished = try finding([50, 2, 48], [34, 15, 51])
    #expect(vanished.hasMoved && vanished.sentence.hasPrefix("'b' is estimated at 2"), "\(vanished.sentence)")
    // The one furthest off is of no account where another is borne out.
    let grown = try finding([52, 2, 46], [45, 32, 23])
    #expect(grown.hasMoved && grown.sentence.hasPrefix("'a' is estimated at 52"), "\(grown.sentence)")
    let neither = try finding([50, 2, 48], [34, 32, 34])
    #expect(!neither.hasMoved && neither.sentence.hasSuffix("don't bear out"), "\(neither.sentence)")
  }
}
