import Experiments
import Reports
import Testing

@Suite("Reports in a real browser", .enabled(if: Browser.isInstalled, "needs Debian's chromium"))
struct BrowserTests {
  @Test("A report renders, says nothing on the console and asks for nothing")
  func report() throws {
    let layers = (0..<20).map { LayerMismatchSeries.Layer(name: "layer\($0).bn", mismatch: 1 / Double($0 + 1), chance: 0.1) }
    let html = EvaluationReport(
      SimulatedEvaluation().result, mismatches: [.init(scanner: "B", layers: layers), .init(scanner: "C", layers: layers)]
    ).html
    let visit = try Browser.visit(html)
    #expect(visit.console.isEmpty)
    #expect(visit.requests.isEmpty)
    #expect(visit.document.contains("<h2>The table</h2>") && visit.document.contains("</svg>"))
    #expect(visit.pictureSize > 40_000)
  }

  @Test("Names full of markup stay names")
  func hostile() throws {
    let evil = "</td><img src=http://leak.invalid/x.png onerror=alert(1)><style>@import url(http://leak.invalid/y)</style>"
    let html = EvaluationReport(
      SimulatedEvaluation(scanner: evil, classes: [evil, "</svg><script>alert(1)</script>"], gains: [(evil, 1.0)], model: evil).result
    ).html
    let visit = try Browser.visit(html)
    #expect(visit.console.isEmpty)
    #expect(visit.requests.isEmpty)
    #expect(!visit.document.contains("<img") && !visit.document.contains("<script"))
  }

  @Test("The check notices a page that asks for something, and one whose policy stops it")
  func control() throws {
    let image = "<img src=\"http://leak.invalid/x.png\">"
    #expect(try Browser.visit("<!DOCTYPE html><title>t</title>\(image)").requests == ["http://leak.invalid/x.png"])
    let policy = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'\">"
    let stopped = try Browser.visit("<!DOCTYPE html>\(policy)<title>t</title>\(image)")
    #expect(stopped.requests.isEmpty && !stopped.console.isEmpty)
  }
}
