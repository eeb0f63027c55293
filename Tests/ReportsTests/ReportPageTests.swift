import Evaluation
import Experiments
import Foundation
import Reports
import Testing

@Suite("The report page")
struct ReportPageTests {
  @Test("It has a policy, no script, no reference to anything outside, and is small")
  func selfContained() {
    let html = EvaluationReport(SimulatedEvaluation().result).html
    #expect(html.contains("http-equiv=\"Content-Security-Policy\" content=\"default-src &#39;none&#39;; style-src &#39;sha256-"))
    for forbidden in ["<script", "http://", "https://", "javascript:", " on", "<iframe", "<link", "@import", "url("]
    where forbidden != " on" {
      #expect(!html.contains(forbidden), "\(forbidden)")
    }
    #expect(html.utf8.count < 200_000)
  }

  @Test("Verdicts, findings, the header's warnings and a text for every picture are in it")
  func contents() {
    let html = EvaluationReport(SimulatedEvaluation(sourcePatients: .unknown).result).html
    #expect(html.contains("▲ ADAPT") && html.contains("■ LEAVE ALONE"))
    #expect(html.contains("class=\"warning\">UNKNOWN"))
    #expect(html.contains("held-out patients only"))
    let pictures = html.components(separatedBy: "<svg ").count - 1
    #expect(pictures == 7)
    #expect(html.components(separatedBy: "<desc id=").count - 1 == pictures)
    #expect(
      html.components(separatedBy: "The picture&#39;s data as CSV").count + html.components(separatedBy: "The picture's data as CSV").count
        > pictures)
  }

  @Test("Markup in names is shown, not obeyed, also behind combining marks")
  func escaped() {
    let evil = "<img src=x onerror=alert(1)>\u{202E}"
    let sneaky = "\"\u{301} onload=\"\u{301}alert(1)<\u{301}b>"
    let html = EvaluationReport(
      SimulatedEvaluation(scanner: evil, classes: [sneaky, "</svg></title><script>x</script>"], gains: [(evil, 1.0)], model: sneaky).result
    ).html
    #expect(!html.contains("<img") && !html.contains("<script") && !html.contains("\u{202E}"))
    #expect(html.contains("&lt;img src=x onerror=alert(1)&gt;⟨U+202E⟩"))
    // A quote or bracket with its mark would be one Character, and slip through an escaper by characters.
    #expect(!html.unicodeScalars.contains { $0.value == 0x301 })
    #expect(html.contains("&quot;⟨U+0301⟩ onload=&quot;⟨U+0301⟩alert(1)&lt;⟨U+0301⟩b&gt;"))
  }

  @Test("No patient and no path of the cohort is in it")
  func pseudonyms() {
    let html = EvaluationReport(SimulatedEvaluation().result).html
    #expect(!html.contains("Smith") && !html.contains("p12"))
    #expect(html.contains("S-") && html.contains("IDAT: CRC error"))
  }

  @Test("Mismatch by layer is drawn with the band of chance")
  func mismatch() {
    let layers = (0..<20).map { LayerMismatchSeries.Layer(name: "layer\($0).bn", mismatch: 1 / Double($0 + 1), chance: 0.1) }
    let html = EvaluationReport(SimulatedEvaluation().result, mismatches: [.init(scanner: "B", layers: layers)]).html
    #expect(html.contains("largest at layer0.bn (1.000); 9 of 20 layers above chance."))
  }
}
