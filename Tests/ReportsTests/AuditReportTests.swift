import Cohorts
import Experiments
import Foundation
import Reports
import Testing

@Suite("The audit's report")
struct AuditReportTests {
  private static let evil = "<img src=x onerror=alert(1)>\u{202E}"

  private func result(groups: Int = 2, findings: [AuditFinding] = []) -> AuditResult {
    let cohort = Cohort(
      records: (0..<4).map {
        ScanRecord(patient: PatientID("secret-\($0)"), scanner: "alpha", path: "secret/\($0).png", absolutePath: "/secret/\($0).png")
      }, patientIdentity: .declaredColumn("patient"))
    let pairs = (0..<groups).map { [PatientID("secret-\($0)"), PatientID("secret-\($0)-b")] }
    let own: [AuditFinding] = [
      AuditFinding(.filesWithoutRows, .note, scans: ["secret/9.png"], scanCount: 12),
      AuditFinding(.mixedFormats, .warning, subject: Self.evil, scans: ["secret/1.png"], patients: ["secret-1"]),
      AuditFinding(
        .nearDuplicates, .leak, scans: ["secret/0.png", "secret/3.png"], patients: ["secret-0", "secret-3"], groups: pairs,
        numbers: [.init("least correlation", 0.91234)]),
    ]
    return AuditResult(
      findings: own + findings, failures: [ScanFailure(path: "secret/8.png", reason: "no such file")], cohort: cohort, searched: 4,
      groups: pairs, associations: [], falseAlarmRate: 0.01)
  }

  private var pseudonyms: Pseudonyms { Pseudonyms(key: Array(0..<32)) }

  @Test("Leaks come first, each finding says what to do, and the verdict is the last line")
  func text() {
    let text = AuditReport(result(), of: "clinic", identifiers: .pseudonyms(pseudonyms)).text
    let order = ["LEAK", "warning", "note"].map { text.range(of: $0)!.lowerBound }
    #expect(order == order.sorted())
    #expect(text.components(separatedBy: "→ ").count == 4)
    #expect(
      text.contains("least correlation 0.912")
        && text.hasSuffix("SOMETHING LEAKS: a held-out score on these splits or folds can be too good."))
  }

  @Test("No patient and no path is in table, JSON, CSV or page unless asked for")
  func privacy() throws {
    let hidden = AuditReport(result(), of: "clinic", identifiers: .pseudonyms(pseudonyms))
    for text in [hidden.text, try hidden.json(), hidden.csv, hidden.html] { #expect(!text.contains("secret")) }
    #expect(hidden.text.contains(pseudonyms.patient("secret-0")) && hidden.csv.contains(pseudonyms.scan("secret/3.png")))
    let clear = AuditReport(result(), of: "clinic", identifiers: .asGiven)
    for text in [clear.text, try clear.json(), clear.csv, clear.html] { #expect(text.contains("secret")) }
  }

  @Test("The JSON has a format number, every finding with its numbers, and failures")
  func json() throws {
    let text = try AuditReport(result(), of: "clinic", identifiers: .asGiven).json()
    let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(object["format"] as? Int == AuditReport.formatVersion && object["leaks"] as? Bool == true)
    let findings = try #require(object["findings"] as? [[String: Any]])
    #expect(findings.map { $0["severity"] as? String } == ["leak", "warning", "note"])
    #expect((findings[0]["numbers"] as? [[String: Any]])?.first?["value"] as? Double == 0.91234)
    #expect(findings[2]["scanCount"] as? Int == 12)
    #expect((object["failures"] as? [[String: Any]])?.count == 1)
  }

  @Test("The page is inert, shows markup instead of obeying it, and stays small with a hundred thousand scans concerned")
  func page() {
    let many = (0..<100_000).map { ScanID("scan \($0).png") }
    let finding = AuditFinding(.blank, .warning, scans: many, patients: many.map { PatientID($0.rawValue) })
    let html = AuditReport(result(groups: 5000, findings: [finding]), of: Self.evil, identifiers: .asGiven).html
    #expect(!html.contains("<img") && !html.contains("<script") && !html.contains("\u{202E}") && !html.contains("http://"))
    #expect(html.contains("Content-Security-Policy") && html.contains("100,000"))
    #expect(html.utf8.count < 200_000)
  }
}
