import Adaptation
import Cohorts
import Evaluation
import Foundation
import Testing

@Suite("The gate where a scan may have several findings")
struct FindingsGateTests {
  private let gate = Gate(bootstrap: PatientBootstrap(seed: 1, resamples: 400))

  /// Two findings, one scan a patient: "a" in every second, "b" in every third; `right` says whose finding is told.
  private func answers(_ count: Int = 90, labels: (Int, Int) -> Bool = { _, _ in true }, right: (Int, Int) -> Bool)
    -> [MultiLabelPrediction]
  {
    (0..<count).map { index in
      let truth = [index % 2 == 0, index % 3 == 0]
      return MultiLabelPrediction(
        scan: "s\(index)", patient: "p\(index)", scanner: "B", labels: [0, 1].map { labels(index, $0) ? truth[$0] : nil },
        probabilities: [0, 1].map { right(index, $0) == truth[$0] ? 0.9 : 0.1 })
    }
  }

  private func judge(_ candidate: [MultiLabelPrediction], _ reference: [MultiLabelPrediction]) throws -> GateOutcome {
    try gate.judge([Gate.Candidate([candidate])], reference: [reference], findings: ["a", "b"])
  }

  /// The share of pairs in order, ties one half, by counting them.
  private func area(_ answers: [MultiLabelPrediction], _ finding: Int) -> Double {
    func scores(_ value: Bool) -> [Double] { answers.filter { $0.labels[finding] == value }.map { $0.probabilities[finding] } }
    let pairs = scores(true).flatMap { with in scores(false).map { with > $0 ? 1 : with == $0 ? 0.5 : 0.0 } }
    return pairs.reduce(0, +) / Double(pairs.count)
  }

  @Test("It compares the mean area over findings, by pairs in order; what is better in it is accepted, what is worse is harm")
  func mean() throws {
    let (better, worse) = (answers { index, _ in index % 10 != 0 }, answers { index, finding in index % 4 != finding })
    let outcome = try judge(better, worse)
    #expect(outcome.decision == .accepted)
    let difference = try #require(outcome.difference)
    let expected = [0, 1].map { area(better, $0) - area(worse, $0) }.reduce(0, +) / 2
    #expect(difference.metric == .auroc && abs(difference.difference - expected) < 1e-12 && difference.patients == 90)
    guard case .harm = try judge(worse, better).reason else {
      Issue.record("\(try judge(worse, better))")
      return
    }
  }

  @Test("The imagined patient joins patients of his kind, so that he makes no area defined that wasn't")
  func imaginedFold() {
    let all = answers(12) { _, _ in true }
    // "b", the rarest, is in the second fold only.
    let folds = [all.filter { $0.labels[1] == false }, all.filter { $0.labels[1] == true }]
    let imagined = ImaginedPatient(of: folds)
    for changed in [imagined.harmed(in: folds), imagined.unharmed(in: folds)] {
      #expect(changed[0] == folds[0] && Array(changed[1].dropLast()) == folds[1] && changed[1].last?.labels == [nil, true])
    }
  }

  @Test("A finding that loses beyond chance is named, though the mean over findings rises")
  func harmedFinding() throws {
    let reference = answers { _, finding in finding == 1 }
    let candidate = answers { index, finding in finding == 0 || index % 6 != 0 }
    let outcome = try judge(candidate, reference)
    #expect(try #require(outcome.difference).difference > 0.3)
    #expect(outcome.decision == .refused && outcome.reason == .harmsFindings(["b"]))
  }

  @Test("What a model says where nobody looked makes no difference to the verdict")
  func masked() throws {
    func known(_ index: Int, _ finding: Int) -> Bool { finding == 0 || index < 60 }
    let reference = answers(labels: known) { index, _ in index % 4 != 0 }
    let one = answers(labels: known) { _, _ in true }
    let other = answers(labels: known) { index, finding in known(index, finding) }
    #expect(one != other)
    let (first, second) = (try judge(one, reference), try judge(other, reference))
    #expect(first.decision == .accepted && first == second)
  }

  @Test("Equal models pass only with so many patients that nothing can hide; few with a finding, or no label at all, are refused")
  func cannotTell() throws {
    let same = answers { _, _ in true }
    let bound = try #require(try judge(same, same).trials[0].bound)
    // One imagined patient of the 30 with "b", drawn up to some four times, in one of two findings.
    #expect(bound < -0.01 && bound > -4.0 / 30, "\(bound)")
    #expect(try judge(same, same).decision == .refused)
    let rare = answers(labels: { index, finding in finding == 0 || index % 3 != 0 || index < 9 }, right: { _, _ in true })
    #expect(try judge(rare, rare).reason == .tooFewPatientsOfAFinding(found: 3, needed: 5))
    let unknown = answers(labels: { _, _ in false }, right: { _, _ in true })
    #expect(try judge(unknown, unknown).reason == .unlabelledFindings)
  }
}
