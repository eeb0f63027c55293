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

  private func samples(_ count: Int, bytes: Int = 2000, label: String = "lesion") -> SampleScans {
    SampleScans(
      strategy: "full",
      scans: (0..<count).map { index in
        SampleScan(
          picture: [UInt8](repeating: UInt8(index % 256), count: bytes), width: 128, height: 96, name: "scan-\(index)", scanner: "B",
          label: label, answer: index % 2 == 0 ? label : "normal", probability: 0.75)
      })
  }

  @Test("Scans are in it only where somebody asked, and only then may it show images, of its own bytes")
  func sampleScans() {
    let without = EvaluationReport(SimulatedEvaluation().result).html
    #expect(!without.contains("<img") && !without.contains("img-src") && !without.contains("data:"))
    let html = EvaluationReport(SimulatedEvaluation().result, samples: samples(4)).html
    #expect(html.contains("img-src data:; base-uri"))
    #expect(html.components(separatedBy: "<img src=\"data:image/png;base64,").count == 5)
    #expect(html.components(separatedBy: "<img ").count == 5)
    #expect(html.contains("alt=\"lesion, right (0.750); scanner B, scan-0\"") && html.contains("lesion, wrong: taken for normal"))
    #expect(html.contains("personal data"))
  }

  @Test("However many scans are asked for, the page stays under 2 MB, and labels with markup are shown, not obeyed")
  func manySampleScans() {
    let html = EvaluationReport(SimulatedEvaluation().result, samples: samples(200, bytes: 16_500, label: "\"><script>x</script>")).html
    #expect(html.utf8.count < 2_000_000 && html.contains("more would have made the page too large"))
    #expect(!html.contains("<script") && html.contains("&lt;script&gt;"))
  }

  @Test("Mismatch by layer is drawn with the band of chance")
  func mismatch() {
    let layers = (0..<20).map { LayerMismatchSeries.Layer(name: "layer\($0).bn", mismatch: 1 / Double($0 + 1), chance: 0.1) }
    let html = EvaluationReport(SimulatedEvaluation().result, mismatches: [.init(scanner: "B", layers: layers)]).html
    #expect(html.contains("largest at layer0.bn (1.000); 9 of 20 layers above chance."))
  }
}
