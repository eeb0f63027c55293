import Foundation
import Testing

@Suite("Labels that a model doesn't have, findings, and scans in a report, from the command line")
struct NewLabelsCommandTests {
  private static let fixture = CommandRun.root.appending(path: "Fixtures/phantom").path
  private static let common = ["--root", fixture, "--cache", "none", "--quiet"]

  /// The fixture's manifest with every second lesion patient's label called "cyst" and the others' "Lesion", and a column for each finding.
  private func manifest(in folder: URL) throws {
    let lines = try String(contentsOf: URL(fileURLWithPath: Self.fixture + "/manifest.csv"), encoding: .utf8).split(separator: "\n")
    let rows = lines.dropFirst().map { $0.split(separator: ",").map(String.init) }
    let ill = Set(rows.filter { $0[3] == "lesion" }.map { $0[1] }).sorted()
    let cysts = Set(ill.enumerated().filter { $0.offset % 2 == 0 }.map(\.element))
    var text = "path,patient,scanner,label,lesion,benign,grade\n"
    for (index, row) in rows.enumerated() {
      let label = cysts.contains(row[1]) ? "cyst" : row[3] == "lesion" ? "Lesion" : row[3]
      let known = index % 3 == 0 ? "" : row[3] == "benign" ? "1" : "0"
      text += (row.prefix(3) + [label, row[3] == "lesion" ? "1" : "0", known, "7"]).joined(separator: ",") + "\n"
    }
    try text.write(to: folder.appending(path: "scans.csv"), atomically: true, encoding: .utf8)
  }

  private func source(in folder: URL) throws {
    let fresh = ["--from-scratch", "small_cnn", "--labels", "benign,lesion", "--preprocess", "unit crop=48"]
    requireStatus(
      0,
      try CommandRun(
        ["adapt"] + fresh + ["--scans", Self.fixture, "--strategy", "linear-probe", "--epochs", "1", "--out", "source"]
          + Self.common.suffix(3), in: folder))
  }

  private func run(_ words: [String], in folder: URL, model: String = "source/model.safetensors") throws -> CommandRun {
    try CommandRun(words.prefix(1) + ["--model", model, "--scans", "scans.csv"] + words.dropFirst() + Self.common, in: folder)
  }

  @Test("Unknown labels are refused with their scans, renamed, or given rows; nothing is left of what was refused")
  func newClasses() throws {
    try withScratchFolder { folder in
      try source(in: folder)
      try manifest(in: folder)
      let refused = try run(["adapt", "--strategy", "linear-probe", "--out", "refused"], in: folder)
      requireStatus(65, refused)
      #expect(refused.errors.contains("'Lesion' (6 scans), 'cyst' (6 scans)"))
      #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "refused").path))
      let slip = try run(["adapt", "--map-label", "Lesion=tumour", "--head", "extend", "--out", "refused"], in: folder)
      requireStatus(65, slip)
      #expect(slip.errors.contains("'tumour' isn't one of the model's labels"))
      requireStatus(64, try run(["adapt", "--head", "extend:rows=both", "--out", "refused"], in: folder))
      let extended = try run(
        [
          "adapt", "--map-label", "Lesion=lesion", "--strategy", "source", "--head", "extend:rows=lda", "--epochs", "2", "--out",
          "extended",
        ],
        in: folder)
      requireStatus(0, extended)
      #expect(extended.output.contains("trained 65 parameters"))
      #expect(try String(contentsOf: folder.appending(path: "extended/run.json"), encoding: .utf8).contains("labelMappings"))
      let inspected = try CommandRun(["inspect", "extended/model.safetensors"], in: folder)
      #expect(inspected.output.contains("benign, lesion, cyst"))
      let evaluated = try run(
        [
          "evaluate", "--map-label", "Lesion=lesion", "--strategy", "linear-probe", "--head", "extend", "--epochs", "1", "--folds", "2",
          "--with-images", "6", "--out", "evaluated",
        ], in: folder)
      requireStatus(0, evaluated)
      let report = try String(contentsOf: folder.appending(path: "evaluated/report.html"), encoding: .utf8)
      #expect(report.contains("img-src data:") && report.components(separatedBy: "<img ").count == 7)
      #expect(report.contains("&#39;cyst&#39;; its head was extended") || report.contains("'cyst'; its head was extended"))
      let methods = try String(contentsOf: folder.appending(path: "evaluated/methods.md"), encoding: .utf8)
      #expect(methods.contains("Labels renamed to the model's: Lesion to lesion."))
    }
  }

  @Test("Findings: a new head, a probability each, an evaluation; what needs classes refuses with a sentence")
  func findings() throws {
    try withScratchFolder { folder in
      try source(in: folder)
      try manifest(in: folder)
      let columns = ["--label-columns", "lesion,benign"]
      requireStatus(
        0, try run(["adapt", "--head", "new", "--strategy", "linear-probe", "--epochs", "2", "--out", "made"] + columns, in: folder))
      let made = "made/model.safetensors"
      let answers = try run(["predict"] + columns, in: folder, model: made)
      requireStatus(0, answers)
      #expect(answers.output.hasPrefix("path,scanner,statistics,probability_benign,probability_lesion\n"))
      let evaluated = try run(
        ["evaluate", "--strategy", "bn-only", "--epochs", "1", "--folds", "2", "--out", "evaluated"] + columns, in: folder, model: made)
      requireStatus(0, evaluated)
      #expect(evaluated.output.contains("mean AUROC over findings") && evaluated.output.contains("Finding by finding: AUROC"))
      for file in ["report.html", "table.md", "predictions.csv", "evaluation.json", "ledger.csv", "run.json", "config.yaml"] {
        #expect(FileManager.default.fileExists(atPath: folder.appending(path: "evaluated/\(file)").path), "\(file)")
      }
      let methods = try String(contentsOf: folder.appending(path: "evaluated/methods.md"), encoding: .utf8)
      for expected in ["findings in index order: benign, lesion", "mean over findings of AUROC", "lesion: present", "## Reproduction"] {
        #expect(methods.contains(expected), "\(expected)")
      }
      // Too few patients to let pass anything, and each has the finding or hasn't.
      let judged = try run(["adapt", "--strategy", "bn-only", "--epochs", "1", "--out", "judged"] + columns, in: folder, model: made)
      requireStatus(2, judged)
      #expect(judged.output.contains("refused: ") && judged.output.contains("judged/gate.json, and no model"))
      requireStatus(0, try run(["diagnose", "--draws", "19"] + columns, in: folder, model: made))
      for (words, status, sentence) in [
        (["adapt", "--strategy", "linear-probe", "--out", "no"], 65, "expected the findings' columns"),
        (["adapt", "--out", "no", "--label-columns", "grade"], 65, "found '7' in column 'grade'"),
        (["evaluate", "--inner-folds", "2", "--threshold", "youden", "--out", "no"] + columns, 64, "found a threshold"),
      ] {
        let refused = try run(words, in: folder, model: made)
        requireStatus(Int32(status), refused)
        #expect(refused.errors.contains(sentence), "\(refused.errors)")
      }
      let kept = try run(["adapt", "--strategy", "linear-probe", "--out", "no"] + columns, in: folder)
      requireStatus(65, kept)
      #expect(kept.errors.contains("--head new"))
    }
  }
}
