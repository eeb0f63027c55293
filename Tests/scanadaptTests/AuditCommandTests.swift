import Foundation
import Testing

@Suite("scanadapt audit")
struct AuditCommandTests {
  /// Rendered scans of 8 patients on each of two scanners.
  private func render(in folder: URL) throws {
    requireStatus(0, try CommandRun(["phantom", "--out", "scans", "--patients", "8", "--scans-per-patient", "1"], in: folder))
  }

  private func append(_ row: String, in folder: URL) throws {
    let manifest = folder.appending(path: "scans/manifest.csv")
    try (String(contentsOf: manifest, encoding: .utf8) + row + "\n").write(to: manifest, atomically: true, encoding: .utf8)
  }

  private func copy(_ from: String, to: String, in folder: URL) throws {
    try FileManager.default.copyItem(at: folder.appending(path: "scans/\(from)"), to: folder.appending(path: "scans/\(to)"))
  }

  @Test("A clean cohort: 0; a copied scan: 2, named by pseudonym; a missing file beside it: 3")
  func exitCodes() throws {
    try withScratchFolder { folder in
      try render(in: folder)
      let clean = try CommandRun(["audit", "--scans", "scans", "--quiet"], in: folder)
      requireStatus(0, clean)
      #expect(clean.output.hasSuffix("No leak found, and nothing to warn of.\n"))

      try copy("alpha/alpha-001_1.png", to: "alpha/copy.png", in: folder)
      try append("alpha/copy.png,someone,alpha,benign", in: folder)
      let leak = try CommandRun(["audit", "--scans", "scans", "--quiet", "--out", "run"], in: folder)
      requireStatus(2, leak)
      #expect(leak.output.contains("LEAK") && !leak.output.contains("alpha-001") && !leak.output.contains("someone"))
      let files = try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "run").path).sorted()
      #expect(files == ["audit.json", "findings.csv", "groups.csv", "report.html"])
      for file in ["audit.json", "findings.csv", "report.html"] {
        #expect(!(try String(contentsOf: folder.appending(path: "run/\(file)"), encoding: .utf8)).contains("someone"))
      }
      let joined = try CommandRun(["audit", "--scans", "run/groups.csv", "--root", "scans", "--quiet"], in: folder)
      requireStatus(0, joined)

      try append("alpha/gone.png,anyone,alpha,benign", in: folder)
      let missing = try CommandRun(["audit", "--scans", "scans", "--quiet", "--json", "--clear-ids"], in: folder)
      requireStatus(3, missing)
      #expect(missing.output.contains("\"alpha-001\"") && missing.errors.contains("gone.png: no such file"))
    }
  }

  @Test("A list of pretraining patients: who is in it leaks; an empty or missing list is an error")
  func pretraining() throws {
    try withScratchFolder { folder in
      try render(in: folder)
      func run(_ text: String) throws -> CommandRun {
        try text.write(to: folder.appending(path: "list.csv"), atomically: true, encoding: .utf8)
        return try CommandRun(["audit", "--scans", "scans", "--quiet", "--clear-ids", "--pretrained-on", "list.csv"], in: folder)
      }
      requireStatus(2, try run("id,patient\n1,alpha-002\n2,other\n"))
      requireStatus(2, try run("alpha-002\nbeta-001\n"))
      requireStatus(0, try run("patient\nnobody\n"))
      requireStatus(65, try run("patient\n"))
      requireStatus(65, try run("name,age\nx,3\n"))
      requireStatus(66, try CommandRun(["audit", "--scans", "scans", "--pretrained-on", "gone.csv"], in: folder))
    }
  }
}
