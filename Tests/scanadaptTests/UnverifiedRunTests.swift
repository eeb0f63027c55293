import Foundation
import Testing

@Suite("A run that no label could check")
struct UnverifiedRunTests {
  @Test(
    "Files say their format; a model in unverified/ is a finished run, what a killed run left there goes, and labels leave nothing to accept"
  )
  func folder() throws {
    try withScratchFolder { folder in
      let fixture = PhantomSource.scans
      let model = try PhantomSource.train(in: folder)
      func adapt(_ scans: [String], _ more: [String] = []) throws -> CommandRun {
        try CommandRun(
          ["adapt", "--model", model, "--strategy", "recalibrate", "--out", "run", "--quiet", "--scans"] + scans
            + more,
          in: folder)
      }
      let unlabelled = [try PhantomSource.unlabelledManifest(in: folder), "--root", fixture]
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
