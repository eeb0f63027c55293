import Adaptation
import Evaluation
import Foundation
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

private func all(_ count: Int, _ isRight: Bool = true) -> [Bool] { [Bool](repeating: isRight, count: count) }

@Suite("The gate")
struct GateTests {
  private let gate = Gate(bootstrap: PatientBootstrap(seed: 1, resamples: 1000))

  private func judge(_ candidate: [Bool], _ reference: [Bool]) throws -> GateOutcome {
    try gate.judge([Gate.Candidate([predictions(right: candidate)])], reference: [predictions(right: reference)])
  }

  @Test("A model that is right where the source was wrong is accepted; one that is wrong where it was right is refused as harm")
  func clear() throws {
    let better = try judge(all(60), (0..<60).map { $0 % 3 > 0 })
    #expect(better.decision == .accepted && better.part == .whole && better.difference?.patients == 60)
    let worse = try judge((0..<60).map { $0 % 3 > 0 }, all(60))
    guard case .harm = worse.reason else {
      Issue.record("\(worse)")
      return
    }
    #expect(worse.decision == .refused && !worse.accepts(unverified: true))
  }

  @Test("As many gains as losses don't exclude a loss, and too few patients never do")
  func cannotTell() throws {
    let even = try judge((0..<60).map { $0 % 5 != 0 }, (0..<60).map { $0 % 5 != 1 })
    guard case .boundBelowMargin = even.reason else {
      Issue.record("\(even)")
      return
    }
    #expect(try judge(all(8), all(8, false)).reason == .tooFewPatients(found: 8, needed: 20))
  }

  @Test("Models that agree on every patient differ by at least what so few patients can hide: 3.7 over their number at 95 %")
  func agreement() throws {
    // Exact: with no harm among n patients, the 97.5 % bound on its rate p solves (1 - p)^n = 0.025, near 3.69 / n.
    for count in [100, 200] {
      let outcome = try judge(all(count), all(count))
      let exact = 1 - pow(0.025, 1 / Double(count))
      let bound = try #require(outcome.trials[0].bound)
      // Counts of the imagined patient are whole numbers, 3 to 5 of them at this level.
      #expect(-bound > 0.7 * exact && -bound < 1.5 * exact, "\(bound) beside \(-exact)")
      #expect(outcome.decision == .refused)
    }
    #expect(try judge(all(600), all(600)).decision == .accepted)
  }

  @Test("Where the whole does harm, a part that doesn't is accepted, at its share of the level")
  func inPart() throws {
    let reference = predictions(right: (0..<80).map { $0 % 2 == 0 })
    let outcome = try gate.judge(
      [
        Gate.Candidate([predictions(right: (0..<80).map { $0 % 4 == 0 })]),
        Gate.Candidate([predictions(right: all(80))], part: .blend(sourceWeight: 0.5)),
        Gate.Candidate([predictions(right: all(80))], part: .shallowNormalizations),
      ], reference: [reference])
    #expect(outcome.decision == .acceptedInPart && outcome.part == .blend(sourceWeight: 0.5))
    #expect(outcome.trials.count == 2 && outcome.trials[1].difference?.interval?.level == 0.975)
    #expect(outcome.difference == outcome.trials[1].difference)
  }

  @Test("A gain in balanced accuracy that costs right answers is refused, unless only the one counts")
  func accuracyGuard() throws {
    // 20 patients of class 1, all wrong in the source; 180 of class 0, of which the adapted model loses a tenth.
    func made(_ decided: (Int) -> Int) -> [Prediction] {
      (0..<200).map { index in
        Prediction(
          scan: "s\(index)", patient: "p\(index)", scanner: "B", label: index < 20 ? 1 : 0,
          probabilities: decided(index) == 1 ? [0.1, 0.9] : [0.9, 0.1])
      }
    }
    let source = made { _ in 0 }
    let candidate = made { $0 < 20 ? 1 : $0 % 9 == 0 ? 1 : 0 }
    let refused = try gate.judge([Gate.Candidate([candidate])], reference: [source])
    guard case .guardBelowMargin(metric: .accuracy, _, _) = refused.reason else {
      Issue.record("\(refused)")
      return
    }
    var only = gate
    only.guards = []
    #expect(try only.judge([Gate.Candidate([candidate])], reference: [source]).decision == .accepted)
  }

  @Test("Where one of two scanners judged together is harmed, it is named and nothing is put in place")
  func scanners() throws {
    func made(_ isRight: (Int) -> Bool) -> [Prediction] {
      predictions(right: (0..<120).map(isRight)).enumerated().map { index, it in
        Prediction(
          scan: it.scan, patient: it.patient, scanner: index < 80 ? "B" : "C", label: it.label, probabilities: it.probabilities)
      }
    }
    let outcome = try gate.judge(
      [Gate.Candidate([made { $0 < 80 || $0 % 4 > 1 }])], reference: [made { $0 >= 80 }])
    #expect(outcome.decision == .refused && outcome.reason == .harmsScanners(["C"]) && !outcome.accepts(unverified: true))
  }

  @Test("Better than the source and worse than what is in place is refused")
  func inPlace() throws {
    let reference = predictions(right: all(60, false))
    let candidate = predictions(right: (0..<60).map { $0 % 2 == 0 })
    let better = predictions(right: all(60))
    let judged = try gate.judge([Gate.Candidate([candidate])], reference: [reference], inPlace: [better])
    #expect(judged.decision == .refused && judged.reason == .worseThanInPlace)
    #expect(try gate.judge([Gate.Candidate([better])], reference: [reference], inPlace: [candidate]).decision == .accepted)
  }

  @Test("Without labels it counts agreement, entropy and shares, and names what speaks against")
  func unverified() throws {
    let reference = predictions(right: all(40)) { _ in nil }
    let candidate = predictions(right: (0..<40).map { $0 >= 10 }) { _ in nil }
    let outcome = try gate.judge([Gate.Candidate([candidate])], reference: [reference])
    let comparison = try #require(outcome.unlabelled).comparison
    #expect(comparison.agreement == 0.75)
    #expect(comparison.referenceShares == [0.5, 0.5])
    // Half the scans at (0.2, 0.8), half at (0.7, 0.3): entropies 0.721928 and 0.881291 bits.
    #expect(abs(comparison.referenceEntropy - (0.7219280949 + 0.8812908992) / 2) < 1e-9)
    guard case .objections(let objections) = outcome.reason else {
      Issue.record("\(outcome)")
      return
    }
    #expect(objections.contains(.scannerDoesNotShow(mismatch: nil, needed: 0.1)))
    #expect(objections.contains { if case .sourceStillAnswers = $0 { true } else { false } })
    #expect(outcome.decision == .refused && !outcome.accepts(unverified: true))
  }

  @Test("Predictions of other scans are refused")
  func otherScans() {
    let some = predictions(right: all(30))
    #expect(throws: ComparisonError.self) {
      try gate.judge([Gate.Candidate([some])], reference: [Array(some.dropLast())])
    }
  }
}
