import Foundation
import Testing

@Suite("A batch of scanners")
struct BatchTests {
  /// A network, and a manifest of the fixture's scans without labels.
  private func prepared(_ folder: URL) throws -> (model: String, manifest: String) {
    let model = try PhantomSource.train(in: folder, epochs: 2)
    return (model, try PhantomSource.unlabelledManifest(in: folder))
  }

  private func batch(_ model: String, _ manifest: String, in folder: URL, _ more: [String] = []) throws -> CommandRun {
    try CommandRun(
      [
        "adapt", "--model", model, "--scans", manifest, "--root", CommandRun.root.appending(path: "Fixtures/phantom").path, "--per-scanner",
        "--strategy", "recalibrate", "--out", "packs", "--quiet",
      ] + more, in: folder)
  }

  @Test("So few patients without labels are refused; ungated, packs are in place, and an unchanged scanner is skipped")
  func packs() throws {
    try withScratchFolder { folder in
      let (model, manifest) = try prepared(folder)
      let refused = try batch(model, manifest, in: folder, ["--accept-unverified"])
      requireStatus(2, refused)
      #expect(refused.output.contains("refused") && refused.output.contains("patients without labels"))
      let inPlace = folder.appending(path: "packs/beta.normpack.safetensors").path
      #expect(!FileManager.default.fileExists(atPath: inPlace))

      requireStatus(0, try batch(model, manifest, in: folder, ["--ungated"]))
      let pack = try Data(contentsOf: URL(fileURLWithPath: inPlace))
      #expect(pack.count < 1 << 20)

      let again = try batch(model, manifest, in: folder, ["--ungated"])
      #expect(again.output.contains("unchanged"))
      let summary = try String(contentsOf: folder.appending(path: "packs/summary.csv"), encoding: .utf8)
      #expect(summary.split(separator: "\n").count == 3, "a header and a row for each scanner:\n\(summary)")
      let ledger = try String(contentsOf: folder.appending(path: "packs/ledger.csv"), encoding: .utf8)
      #expect(ledger.contains(",fitting,beta,S-") && !ledger.contains("beta-0"))
    }
  }

  @Test("A label that no folder bears, and one that the model doesn't have, can't be mapped; a folder without the label has nothing to map")
  func mappedLabels() throws {
    try withScratchFolder { folder in
      let (model, _) = try prepared(folder)
      let fixture = CommandRun.root.appending(path: "Fixtures/phantom")
      let rows = try String(contentsOf: fixture.appending(path: "manifest.csv"), encoding: .utf8).split(separator: "\n")
      for (name, scanner, lesion) in [("one", "alpha", "Lesion"), ("two", "beta", "lesion")] {
        let place = folder.appending(path: "batch/\(name)")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        let text =
          rows.filter { $0.hasPrefix("path,") || $0.contains(",\(scanner),") }.map {
            $0.replacingOccurrences(of: ",lesion", with: ",\(lesion)")
          }.joined(separator: "\n") + "\n"
        try text.write(to: place.appending(path: "manifest.csv"), atomically: true, encoding: .utf8)
      }
      func adapt(_ more: [String]) throws -> CommandRun {
        try CommandRun(
          ["adapt", "--model", model, "--scans", "batch", "--root", fixture.path, "--ungated", "--out", "packs", "--quiet"] + more,
          in: folder)
      }
      let idle = try adapt(["--map-label", "Leison=lesion"])
      requireStatus(65, idle)
      #expect(idle.errors.contains("no scan is labelled 'Leison'"))
      let unknown = try adapt(["--map-label", "Lesion=tumour"])
      requireStatus(3, unknown)
      #expect(unknown.output.contains("'tumour' isn't one of the model's labels"))
      requireStatus(0, try adapt(["--map-label", "Lesion=lesion"]))
      let perScanner = try batch(model, fixture.path, in: folder, ["--map-label", "lesion=tumour"])
      requireStatus(65, perScanner)
    }
  }

  @Test("Predictions take each scanner's pack; a scanner without one is refused or follows the stated policy")
  func predicting() throws {
    try withScratchFolder { folder in
      let (model, manifest) = try prepared(folder)
      requireStatus(0, try batch(model, manifest, in: folder, ["--ungated", "--where", "scanner=beta"]))
      func predict(_ policy: String) throws -> CommandRun {
        try CommandRun(
          [
            "predict", "--model", model, "--packs", "packs", "--scans", manifest, "--root",
            CommandRun.root.appending(path: "Fixtures/phantom").path, "--unknown-scanner", policy, "--quiet",
          ], in: folder)
      }
      let refused = try predict("refuse")
      #expect(refused.status == 65 && refused.errors.contains("alpha"))
      let stated = try predict("source")
      requireStatus(0, stated)
      let rows = stated.output.split(separator: "\n").dropFirst()
      #expect(rows.count == 24)
      #expect(rows.filter { $0.contains("pack beta") }.count == 12 && rows.filter { $0.contains(",source,") }.count == 12)
    }
  }
}
