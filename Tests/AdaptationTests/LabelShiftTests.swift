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
}
