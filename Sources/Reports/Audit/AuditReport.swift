import Cohorts
import Experiments
import Files
import Foundation

/// What an audit says, for people and programs: a table, `audit.json`, `findings.csv`, and a page. Patients and scans are named by
/// `identifiers`.
public struct AuditReport: Sendable {
  public static let formatVersion = 1

  let result: AuditResult
  let source: String
  let identifiers: Identifiers

  /// - Parameter source: what was audited, as a report may say it.
  public init(_ result: AuditResult, of source: String, identifiers: Identifiers) {
    self.result = result
    self.source = source
    self.identifiers = identifiers
  }

  var verdict: String {
    let leaks = result.findings.count { $0.severity == .leak }
    let warnings = result.findings.count { $0.severity == .warning }
    if leaks > 0 { return "SOMETHING LEAKS: a held-out score on these splits or folds can be too good." }
    return warnings > 0 ? "No leak found; \(warnings) warning\(warnings == 1 ? "" : "s")." : "No leak found, and nothing to warn of."
  }

  var cohortLine: String {
    "\(source.visible(limit: 120)): \(Figures.count(result.scans)) scans, \(Figures.patients(result.patients)), \(result.scanners) "
      + "scanner\(result.scanners == 1 ? "" : "s"); \(result.patientIdentity.description.visible(limit: 80)); near duplicates looked for among "
      + "\(Figures.count(result.searched)) different pictures"
  }

  var falseAlarms: String {
    "Tests of labels: at most \(Figures.percent(result.falseAlarmRate)) of cohorts whose labels have nothing to do with scanners and files "
      + "get a warning."
  }

  /// Groups of patients that may be one, as lines.
  func groupLines(limit: Int) -> [String] {
    result.groups.prefix(limit).map { group in
      group.prefix(12).map { identifiers.patient($0).visible(limit: 60) }.joined(separator: " = ") + (group.count > 12 ? " = …" : "")
    } + (result.groups.count > limit ? ["and \(result.groups.count - limit) more groups"] : [])
  }

  /// For a terminal.
  public var text: String {
    var lines = [cohortLine, ""]
    if !result.findings.isEmpty {
      lines.append("finding  scans  patients  what")
      lines.append("───────  ─────  ────────  ────")
      for finding in result.findings {
        let cells = [
          finding.severity.word.padded(to: 7), right(Figures.count(finding.scanCount), 5), right(Figures.count(finding.patientCount), 8),
          finding.title,
        ]
        lines.append(cells.joined(separator: "  "))
        if !finding.numbers.isEmpty { lines.append(String(repeating: " ", count: 26) + finding.evidence) }
        lines.append(String(repeating: " ", count: 26) + "→ " + finding.kind.wording.advice)
      }
      lines.append("")
    }
    if !result.groups.isEmpty {
      lines.append("patients that may be one:")
      lines += groupLines(limit: 20).map { "  " + $0 } + [""]
    }
    if !result.associations.isEmpty { lines += result.associations.map(\.sentence) + [falseAlarms, ""] }
    return (lines + [verdict]).joined(separator: "\n")
  }

  private func right(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(0, width - text.count)) + text }

  /// `findings.csv`: a line for each scan of each finding.
  public var csv: String {
    var text = "format,severity,finding,subject,scan\n"
    for finding in result.findings {
      let start = ["\(Self.formatVersion)", finding.severity.rawValue, finding.kind.rawValue, csvCell(finding.subject ?? "")]
      let scans = finding.scans.isEmpty ? [""] : finding.scans.map { csvCell(identifiers.scan($0)) }
      for scan in scans { text += (start + [scan]).joined(separator: ",") + "\n" }
    }
    return text
  }
}
