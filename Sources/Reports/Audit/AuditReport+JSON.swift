import Cohorts
import Foundation

extension AuditReport {
  private struct Document: Encodable {
    struct Finding: Encodable {
      let kind: AuditFinding.Kind
      let severity: AuditFinding.Severity
      let subject: String?
      let what: String
      let advice: String
      let scanCount: Int
      let patientCount: Int
      /// At most `AuditFinding.limit` of each.
      let scans: [String]
      let patients: [String]
      let groups: [[String]]
      let numbers: [AuditFinding.Number]
    }

    struct Failure: Encodable {
      let scan: String
      let reason: String
    }

    let format: Int
    let source: String
    let patientIdentity: String
    let scans, patients, scanners, searchedForNearDuplicates: Int
    let leaks: Bool
    let falseAlarmRate: Double
    let findings: [Finding]
    let groups: [[String]]
    let associations: [AuditAssociation]
    let failures: [Failure]
  }

  /// `audit.json`.
  public func json() throws -> String {
    let document = Document(
      format: Self.formatVersion, source: source, patientIdentity: result.patientIdentity.description, scans: result.scans,
      patients: result.patients, scanners: result.scanners, searchedForNearDuplicates: result.searched, leaks: result.hasLeak,
      falseAlarmRate: result.falseAlarmRate,
      findings: result.findings.map { finding in
        .init(
          kind: finding.kind, severity: finding.severity, subject: finding.subject, what: finding.kind.wording.title,
          advice: finding.kind.wording.advice, scanCount: finding.scanCount, patientCount: finding.patientCount,
          scans: finding.scans.map(identifiers.scan), patients: finding.patients.map(identifiers.patient),
          groups: named(finding.groups), numbers: finding.numbers)
      },
      groups: named(result.groups), associations: result.associations,
      failures: result.failures.map { .init(scan: identifiers.scan(ScanID($0.path)), reason: $0.reason) })
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(document), as: UTF8.self)
  }

  private func named(_ groups: [[PatientID]]) -> [[String]] { groups.map { $0.map(identifiers.patient) } }
}
