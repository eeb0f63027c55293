import Adaptation
import Evaluation
import Testing

/// Two-class predictions, one scan a patient, of which given shares are right.
private func predictions(right isRight: [Bool], labels: (Int) -> Int? = { $0 % 2 }) -> [Prediction] {
  isRight.enumerated().map { index, isRight in
    let truth = index % 2
    let decided = isRight ? truth : 1 - truth
    return Prediction(
      scan: "s\(index)", patient: "p\(index)", scanner: "B", label: labels(index), probabilities: decided == 1 ? [0.2, 0.8] : [0.7, 0.3])
  }
}

@Suite struct GateTests {
  private let gate = Gate(bootstrap: PatientBootstrap(seed: 1, resamples: 400))

  private func verdict(candidate: [Bool], reference: [Bool]) throws -> Verdict? {
    let outcome = try gate.judge(candidate: [predictions(right: candidate)], reference: [predictions(right: reference)])
    guard case .judged(let judgement, let difference?) = outcome else { return nil }
    #expect(difference.patients == candidate.count)
    return judgement.verdict
  }

  @Test("A model that is right where the source was wrong is accepted")
  func accepts() throws {
    let found = try verdict(candidate: [Bool](repeating: true, count: 60), reference: (0..<60).map { $0 % 3 > 0 })
    #expect(found == .adapt)
  }

  @Test("A model that is wrong where the source was right is left alone")
  func refuses() throws {
    let found = try verdict(candidate: (0..<60).map { $0 % 3 > 0 }, reference: [Bool](repeating: true, count: 60))
    #expect(found == .leaveAlone)
  }

  @Test("As many gains as losses can't be told apart, and too few patients never can")
  func cannotTell() throws {
    #expect(try verdict(candidate: (0..<60).map { $0 % 5 != 0 }, reference: (0..<60).map { $0 % 5 != 1 }) == .cannotTell)
    #expect(try verdict(candidate: [Bool](repeating: true, count: 8), reference: [Bool](repeating: false, count: 8)) == .cannotTell)
  }

  @Test("Without labels the outcome is unverified and counts agreement; it is accepted only where the caller says so")
  func unverified() throws {
    let reference = predictions(right: [Bool](repeating: true, count: 40)) { _ in nil }
    let candidate = predictions(right: (0..<40).map { $0 >= 10 }) { _ in nil }
    let outcome = try gate.judge(candidate: [candidate], reference: [reference])
    guard case .unverified(let comparison) = outcome else {
      Issue.record("judged \(outcome)")
      return
    }
    #expect(comparison.agreement == 0.75)
    #expect(comparison.referenceShares == [0.5, 0.5])
    // Half the scans at (0.2, 0.8), half at (0.7, 0.3): entropies 0.721928 and 0.881291 bits.
    #expect(abs(comparison.referenceEntropy - (0.7219280949 + 0.8812908992) / 2) < 1e-9)
    #expect(!outcome.accepts(unverified: false))
    #expect(outcome.accepts(unverified: true))
  }

  @Test("Predictions of other scans are refused")
  func otherScans() {
    let all = predictions(right: [Bool](repeating: true, count: 30))
    #expect(throws: ComparisonError.self) { try gate.judge(candidate: [all], reference: [Array(all.dropLast())]) }
  }
}
