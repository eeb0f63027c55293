import Foundation
import Testing

@Suite("Advice from the command line")
struct AdviseTests {
  private func source(in folder: URL) throws {
    requireStatus(
      0,
      try CommandRun(
        ["phantom", "--out", "clinic", "--patients", "12", "--scans-per-patient", "1", "--size", "32", "--first-patient", "1001"],
        in: folder))
    requireStatus(
      0,
      try CommandRun(
        [
          "adapt", "--from-scratch", "small_cnn", "--labels", "benign,lesion", "--preprocess", "unit", "--input-size", "32x32", "--scans",
          "clinic",
          "--where", "scanner=alpha", "--strategy", "full", "--epochs", "1", "--out", "source", "--quiet", "--ungated", "--cache", "none",
        ], in: folder))
  }

  private func advise(_ more: [String], in folder: URL) throws -> CommandRun {
    try CommandRun(
      ["advise", "--model", "source/model.safetensors", "--scans", "clinic", "--target", "beta", "--quiet", "--cache", "none"] + more,
      in: folder)
  }

  @Test("A ranked table, what would change the answer, files without a patient in them, an inert page; the same command goes on")
  func measured() throws {
    try withScratchFolder { folder in
      try source(in: folder)
      let words = [
        "--strategy", "recalibrate", "--strategy", "linear-probe", "--epochs", "1", "--folds", "2", "--time", "10m", "--out", "advice",
      ]
      let run = try advise(words, in: folder)
      requireStatus(0, run)
      for part in ["rank", "recalibrate", "bias²", "What would change the answer:", "Too few patients to tell"] {
        #expect(run.output.contains(part), "\(part)")
      }
      func text(_ name: String) throws -> String { try String(contentsOf: folder.appending(path: "advice/\(name)"), encoding: .utf8) }
      for name in ["advice.json", "curves.csv", "ledger.csv", "report.html"] {
        let text = try text(name)
        #expect(!text.contains("beta-0") && !text.contains("alpha-0"), "a patient's id in \(name)")
      }
      #expect(try text("advice.json").contains("\"format\" : 2") && text("curves.csv").hasPrefix("format,strategy,training_patients,error"))
      let page = try text("report.html")
      #expect(page.contains("default-src &#39;none&#39;") && !page.contains("<script") && page.utf8.count < 2 << 20)
      let pictures = page.components(separatedBy: "<svg ").count
      #expect(pictures > 5 && pictures == page.components(separatedBy: "<desc id=").count)
      let before = try text("curves.csv")
      requireStatus(0, try advise(words, in: folder))
      #expect(try text("curves.csv") == before)
      let other = try advise(words.map { $0 == "linear-probe" ? "bn-only" : $0 }, in: folder)
      requireStatus(73, other)
    }
  }

  @Test("--quick says UNMEASURED and fits nothing; bad budgets and sizes are usage errors; labels it can't do without are asked for")
  func quickAndRefused() throws {
    try withScratchFolder { folder in
      try source(in: folder)
      let quick = try advise(["--quick"], in: folder)
      requireStatus(0, quick)
      #expect(quick.output.contains("UNMEASURED") && quick.output.contains("Schneider et al. 2020") && !quick.output.contains("best in"))
      let json = try advise(["--quick", "--json", "--out", "quick"], in: folder)
      requireStatus(0, json)
      #expect(json.output.contains("\"isMeasured\" : false"))
      #expect(try String(contentsOf: folder.appending(path: "quick/report.html"), encoding: .utf8).contains("UNMEASURED"))
      requireStatus(64, try advise([], in: folder))
      requireStatus(64, try advise(["--time", "soon", "--out", "x"], in: folder))
      let short = try advise(["--time", "0.001s", "--out", "x"], in: folder)
      requireStatus(64, short)
      #expect(short.errors.contains("the smallest comparison takes about"))
      requireStatus(64, try advise(["--sizes", "1", "--out", "x"], in: folder))
      requireStatus(64, try advise(["--metric", "auroc", "--out", "x"], in: folder))
      let slip = try advise(["--quick", "--map-label", "lesion=leison"], in: folder)
      requireStatus(65, slip)
      #expect(slip.errors.contains("'leison' isn't one of the model's labels"))
      let one = try advise(["--where", "label=lesion", "--out", "x"], in: folder)
      requireStatus(65, one)
      #expect(one.errors.contains("every labelled scan has class 'lesion'"))
      #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "x").path))
    }
  }
}
