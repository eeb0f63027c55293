import Foundation
import Testing

@Suite("evaluate in steps, from the command line")
struct EvaluationStepsTests {
  private static let fixture = CommandRun.root.appending(path: "Fixtures/phantom").path

  private func text(_ file: String, in folder: URL) throws -> String {
    try String(contentsOf: folder.appending(path: file), encoding: .utf8)
  }

  /// Without what a clock, the machine's memory or the command line writes.
  private func timeless(_ json: String) -> String {
    let measured = ["\"seconds\"", "\"peakBytes\"", "\"refitCommand\""]
    return json.split(separator: "\n").filter { line in !measured.contains { line.contains($0) } }.joined(separator: "\n")
  }

  @Test("plan, run and gather leave what one evaluate leaves; methods.md says what was done; a listed patient is exit code 2")
  func steps() throws {
    try withScratchFolder { folder in
      let fresh = ["--from-scratch", "small_cnn", "--labels", "benign,lesion", "--preprocess", "unit crop=48"]
      try "a key of sixteen bytes".write(to: folder.appending(path: "site.key"), atomically: true, encoding: .utf8)
      let common = ["--cache", "none", "--quiet", "--pseudonym-key", "site.key"]
      requireStatus(
        0,
        try CommandRun(
          ["adapt"] + fresh + [
            "--scans", Self.fixture, "--where", "scanner=alpha", "--strategy", "full", "--epochs", "1", "--out", "source",
          ]
            + common, in: folder))
      let what =
        [
          "--model", "source/model.safetensors", "--scans", Self.fixture, "--target", "beta", "--strategy", "recalibrate", "--strategy",
          "linear-probe", "--epochs", "1", "--folds", "3", "--inner-folds", "2", "--transductive", "--seeds", "2",
        ] + common
      let dry = try CommandRun(["evaluate"] + what + ["--out", "whole", "--dry-run"], in: folder)
      requireStatus(0, dry)
      #expect(dry.output.contains("hours in all") && dry.output.contains("linear-probe@1") == false && dry.output.contains("GB"))
      #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "whole").path))
      requireStatus(0, try CommandRun(["evaluate"] + what + ["--out", "whole"], in: folder))
      requireStatus(0, try CommandRun(["evaluate", "plan", "--slurm"] + what + ["--out", "parts"], in: folder))
      #expect(try text("parts/slurm.sh", in: folder).contains("--array=1-3"))
      let elsewhere = folder.appending(path: "elsewhere")
      try FileManager.default.createDirectory(at: elsewhere, withIntermediateDirectories: false)
      func step(_ words: [String]) throws -> CommandRun {
        try CommandRun(["evaluate"] + words + ["--run", "../parts", "--quiet"], in: elsewhere)
      }
      requireStatus(0, try step(["run", "--fold", "2", "--threads", "1"]))
      let refused = try step(["gather"])
      requireStatus(66, refused)
      #expect(refused.errors.contains("2 of 3 folds aren't finished"))
      requireStatus(3, try step(["gather", "--allow-incomplete"]))
      #expect(try text("parts/methods.md", in: folder).contains("INCOMPLETE: 1 of 3 folds"))
      requireStatus(64, try step(["run", "--fold", "4"]))
      for fold in ["1", "3"] { requireStatus(0, try step(["run", "--fold", fold])) }
      requireStatus(0, try step(["gather"]))
      for file in ["predictions.csv", "metrics.csv", "folds.csv", "ledger.csv", "methods.md"] {
        #expect(try text("parts/\(file)", in: folder) == text("whole/\(file)", in: folder), "\(file)")
      }
      #expect(try timeless(text("parts/evaluation.json", in: folder)) == timeless(text("whole/evaluation.json", in: folder)))

      let methods = try text("whole/methods.md", in: folder)
      for part in [
        "| beta | benign | 3 | 6 |", "| 1 | test | beta |", "## Adaptations", "AdamW (beta 0.9 and 0.999, weight decay 0.01)",
        "Nested cross-validation: in each fold, 3 candidates", "Intervals at 95 % are by patient", "resampled, 2,000 times",
        "checked from the ledger: in none of 3 folds was a scored patient fitted on", "TRANSDUCTIVE: recalibrate-transductive took",
        "| manifest | ", "by training seed",
      ] { #expect(methods.contains(part), "\(part)") }
      #expect(!methods.contains("beta-0") && !methods.contains(folder.path))

      try "patient\nbeta-001\n".write(to: folder.appending(path: "known.csv"), atomically: true, encoding: .utf8)
      let leaking = [
        "evaluate", "--model", "source/model.safetensors", "--scans", Self.fixture, "--target", "beta", "--strategy", "recalibrate",
        "--folds", "2", "--pretrained-on", "known.csv", "--out", "leak",
      ]
      let leak = try CommandRun(leaking + common, in: folder)
      requireStatus(2, leak)
      #expect(leak.output.contains("LEAK: 1 of its"))
    }
  }
}
