import Foundation
import Testing

@Suite("A run that no label could check")
struct UnverifiedRunTests {
  @Test(
    "Files say their format; a model in unverified/ is a finished run, what a killed run left there goes, and labels leave nothing to accept"
  )
  func folder() throws {
    try withScratchFolder { folder in
      let fixture = CommandRun.root.appending(path: "Fixtures/phantom").path
      requireStatus(
        0,
        try CommandRun(
          [
            "adapt", "--from-scratch", "small_cnn", "--labels", "benign,lesion", "--preprocess", "unit crop=48", "--scans", fixture,
            "--strategy", "full", "--epochs", "1", "--out", "source", "--quiet",
          ], in: folder))
      let labelled = try String(contentsOfFile: fixture + "/manifest.csv", encoding: .utf8)
      let rows = labelled.split(separator: "\n").map { $0.split(separator: ",").prefix(3).joined(separator: ",") }
      try (rows.joined(separator: "\n") + "\n").write(to: folder.appending(path: "scans.csv"), atomically: true, encoding: .utf8)
      func adapt(_ scans: [String], _ more: [String] = []) throws -> CommandRun {
        try CommandRun(
          ["adapt", "--model", "source/model.safetensors", "--strategy", "recalibrate", "--out", "run", "--quiet", "--scans"] + scans
            + more,
          in: folder)
      }
      let unlabelled = ["scans.csv", "--root", fixture]
      let refused = try adapt([fixture], ["--accept-unverified"])
      #expect(refused.status == 64 && refused.errors.contains("--accept-unverified"))

      requireStatus(2, try adapt(unlabelled))
      let gate = try JSONSerialization.jsonObject(with: Data(contentsOf: folder.appending(path: "run/gate.json"))) as? [String: Any]
      #expect(gate?["format"] as? Int == 1 && gate?["decision"] as? String == "refused")

      // As a run leaves it that was killed while it wrote, and then as one that wasn't.
      let apart = folder.appending(path: "run/unverified")
      try FileManager.default.createDirectory(at: apart.appending(path: "packs"), withIntermediateDirectories: true)
      requireStatus(2, try adapt(unlabelled))
      #expect(!FileManager.default.fileExists(atPath: apart.path))
      try FileManager.default.createDirectory(at: apart, withIntermediateDirectories: true)
      try Data().write(to: apart.appending(path: "model.safetensors"))
      let finished = try adapt(unlabelled)
      #expect(finished.status == 73 && finished.errors.contains("finished run"))
    }
  }
}
