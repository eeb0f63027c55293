import Foundation
import Testing

@Suite("Diagnosing from the command line")
struct DiagnoseTests {
  @Test("Findings on stdout, tables and an inert page in the folder, no patient in any of them; an unknown reference is a usage error")
  func files() throws {
    try withScratchFolder { folder in
      let fixture = PhantomSource.scans
      let model = try PhantomSource.train(in: folder)
      func diagnose(_ more: [String]) throws -> CommandRun {
        try CommandRun(
          ["diagnose", "--model", model, "--scans", fixture, "--draws", "19", "--quiet"] + more, in: folder)
      }
      let run = try diagnose(["--reference", "alpha", "--out", "diagnosis"])
      requireStatus(0, run)
      #expect(
        run.output.contains("Scanner beta") && run.output.contains("Remedy recalibrate") && run.output.contains("Gate on recalibrate"))
      for name in ["report.html", "diagnosis.json", "mismatch.csv", "input.csv", "remedies.csv"] {
        let text = try String(contentsOf: folder.appending(path: "diagnosis/\(name)"), encoding: .utf8)
        #expect(!text.contains("beta-0") && !text.contains("alpha-0"), "a patient's id in \(name)")
      }
      let json =
        try JSONSerialization.jsonObject(with: Data(contentsOf: folder.appending(path: "diagnosis/diagnosis.json"))) as? [String: Any]
      #expect(json?["format"] as? Int == 2 && (json?["scanners"] as? [Any])?.count == 2)
      let page = try String(contentsOf: folder.appending(path: "diagnosis/report.html"), encoding: .utf8)
      #expect(page.contains("default-src &#39;none&#39;") && !page.contains("<script") && page.utf8.count < 2 << 20)
      #expect(page.components(separatedBy: "<svg ").count == page.components(separatedBy: "<desc id=").count)

      let brief = try diagnose(["--brief", "--json"])
      requireStatus(0, brief)
      #expect(brief.output.contains("\"remedies\" : [") && !brief.output.contains("\"gate\""))
      #expect(try diagnose(["--reference", "nowhere"]).status == 64)
    }
  }
}
