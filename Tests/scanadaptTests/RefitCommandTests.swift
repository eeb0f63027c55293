import Cohorts
import Evaluation
import Experiments
import Foundation
import Testing
import scanadapt

@Suite("The command that fits on all patients what an evaluation accepted")
struct RefitCommandTests {
  private static let given = ["--model", "m.pth", "--scans", "scans.csv", "--seed=3"]

  /// Two accepted strategies, of which prior-mixed is the better by its smaller Brier score.
  private func result(
    head: String = "keep", targets: [String] = ["B"], findings: [Finding] = [], permuted: Bool = false,
    baseline: EvaluationHeader.Baseline = .sourceModel
  ) throws -> EvaluationResult {
    let header = EvaluationHeader(
      protocolName: .withinScanner, model: "m.pth", architecture: "resnet18", backboneHash: "5f", sourcePatients: .unknown,
      preprocessing: "unit", classes: ["benign", "lesion"], targetScanners: targets, sourceScanners: ["A"], patientIdentity: "a column",
      baseline: baseline, metrics: [.brier], bootstrap: PatientBootstrap(seed: 1, resamples: 200), rule: VerdictRule(), folds: 1, seed: 3,
      labelsPermuted: permuted)
    let shares = [("source", 0.5), ("recalibrate", 0.7), ("prior-mixed", 0.9)]
    let strategies = shares.map { name, share in
      FoldRecord.Strategy(
        name: name,
        predictions: (0..<40).map { patient in
          let right = share + 0.05 * sin(Double(patient))
          return Prediction(
            scan: "\(patient).png", patient: "p\(patient)", scanner: targets[0], label: patient % 2,
            probabilities: patient % 2 == 0 ? [right, 1 - right] : [1 - right, right])
        }, trainingScores: [nil])
    }
    let fold = FoldRecord(
      configuration: "none", fold: FoldName(protocolName: "within-scanner", repetition: 0, fold: "1"), trainingPatients: 40,
      trainingScans: 40, testPatients: 40, testScans: 40, strategies: strategies)
    let entries = shares.map { StrategyEntry(name: $0.0, summary: "", statistics: "", head: head) }
    return try EvaluationSummary(header: header, strategies: entries, identifiers: .asGiven).result(of: [fold], findings: findings)
  }

  private func command(_ result: EvaluationResult, _ more: [String] = [], scanners: [String] = ["A", "B"]) -> String? {
    RefitCommand(result, arguments: Self.given + more, scanners: scanners, output: "run/")?.text
  }

  @Test("The best by the metric's direction, without what only an evaluation takes, in both spellings")
  func words() throws {
    let evaluation = [
      "--target", "B", "--source=A", "--folds=3", "--margin", "0.02", "--layers", "x*", "--prior=8", "--alpha=0.5", "--clear-ids",
    ]
    #expect(
      command(try result(), evaluation)
        == "scanadapt adapt --model m.pth --scans scans.csv --seed=3 --layers 'x*' --prior=8 --where scanner=B --strategy prior-mixed "
        + "--out run-fitted")
  }

  @Test("A new head is asked for again, with its classes; scanners beside several targets are left out")
  func headAndScanners() throws {
    let new = try #require(command(try result(head: "new", targets: ["B", "C"]), ["--classes", "x,y"], scanners: ["A", "B", "C", "D"]))
    #expect(new.contains("--classes x,y --exclude scanner=A --exclude scanner=D --strategy prior-mixed --head new --out"))
    #expect(!new.contains("--where"))
  }

  @Test("No command where scores are void, or where one adapt doesn't do what was evaluated")
  func none() throws {
    #expect(command(try result(findings: [.patientOnBothSides(fold: "1", patient: "P")])) == nil)
    #expect(command(try result(permuted: true)) == nil)
    #expect(command(try result(baseline: .linearProbeOnSourceScanners)) == nil)
    #expect(command(try result(), ["--scans", "more.csv"]) == nil)
  }
}
