import Cohorts

extension AuditReport {
  /// The audit as one inert page, of bounded size whatever the number of scans.
  public var html: String {
    ReportPage(
      title: "Audit of \(source.visible(limit: 60))", lead: "ScanAdapt, \(verdict)",
      findings: result.findings.prefix(200).map {
        .init(kind: $0.severity == .warning ? "caution" : $0.severity.rawValue, word: $0.severity.word, sentence: $0.sentence)
      },
      tables: [findingsTable, groupsTable, associationsTable].compactMap { $0 },
      footer: cohortLine + ". Every scan of every finding is in findings.csv. Made by ScanAdapt."
    ).html
  }

  private var findingsTable: ReportPage.Table? {
    guard !result.findings.isEmpty else { return nil }
    return .init(
      heading: "Scans concerned", note: "The first twelve of each finding.", columns: ["", "finding", "scans", "patients", "such as"],
      rows: result.findings.prefix(200).map { finding in
        [
          finding.severity.word, finding.title, Figures.count(finding.scanCount), Figures.count(finding.patientCount),
          finding.scans.prefix(12).map { identifiers.scan($0).visible(limit: 80) }.joined(separator: ", "),
        ]
      })
  }

  private var groupsTable: ReportPage.Table? {
    guard !result.groups.isEmpty else { return nil }
    return .init(
      heading: "Patients that may be one", note: "Proposed as groups in groups.csv.", columns: ["patients"],
      rows: groupLines(limit: 200).map { [$0] })
  }

  private var associationsTable: ReportPage.Table? {
    guard !result.associations.isEmpty else { return nil }
    return .init(
      heading: "Do labels go with scanners or files?", note: falseAlarms,
      columns: ["labels against", "patients", "Cramér's V", "p (permutation)", "draws", "p (exact or chi-squared)"],
      rows: result.associations.map { association in
        [
          association.subject.visible(limit: 60), Figures.count(association.patients), Figures.score(association.cramersV),
          Figures.probability(association.pValue), Figures.count(association.draws), Figures.probability(association.textbookPValue),
        ]
      })
  }
}
