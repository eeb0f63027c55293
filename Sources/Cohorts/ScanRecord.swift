import OrderedCollections

/// One scan: whose it is, where it comes from, what it shows if that is known, and where its file lies.
public struct ScanRecord: Hashable, Sendable, Identifiable {
  public let id: ScanID
  /// Who they are taken for: the manifest's patient, or where `group` joins several, the first of those.
  public let patient: PatientID
  /// The patient as the manifest names them.
  public let declaredPatient: PatientID
  public let scanner: ScannerID
  /// nil where the manifest's cell is empty or there is no such column.
  public let label: String?
  /// Where several labels may hold at once (`--label-columns`): those that somebody looked for, and whether they are there. Then there is
  /// no `label`.
  public let findings: [String: Bool]
  /// Relative to the cohort's root.
  public let path: String
  public let absolutePath: String
  /// The manifest's `split` cell, if any.
  public let split: String?
  /// The hospital or department, for leave-one-site-out.
  public let site: String?
  /// When the scan was made, as written; `ScanDate` reads it.
  public let date: String?
  /// Patients whose scans share a group are taken for one, as the audit proposes for duplicates.
  public let group: String?
  /// Every other column with its cell, in the manifest's order.
  public let extra: OrderedDictionary<String, String>

  public init(
    id: ScanID? = nil, patient: PatientID, scanner: ScannerID, label: String? = nil, findings: [String: Bool] = [:], path: String,
    absolutePath: String,
    split: String? = nil, site: String? = nil, date: String? = nil, group: String? = nil, declaredPatient: PatientID? = nil,
    extra: OrderedDictionary<String, String> = [:]
  ) {
    self.id = id ?? ScanID(path)
    self.patient = patient
    self.declaredPatient = declaredPatient ?? patient
    self.scanner = scanner
    self.label = label
    self.findings = findings
    self.path = path
    self.absolutePath = absolutePath
    self.split = split
    self.site = site
    self.date = date
    self.group = group
    self.extra = extra
  }

  /// Whether anything is known of what it shows.
  public var isLabelled: Bool { label != nil || !findings.isEmpty }

  /// The label, or the findings that somebody looked for.
  public var labels: [String] { label.map { [$0] } ?? findings.keys.sorted() }

  /// What folds balance: the label, or the findings that are there.
  var balanced: [String] { label.map { [$0] } ?? findings.filter(\.value).keys.sorted() }

  /// The label or the findings as one text, for hashes.
  package var labelText: String {
    if let label { return "=\(label)" }
    return findings.isEmpty ? "-" : findings.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value ? 1 : 0)" }.joined(separator: "\u{1E}")
  }

  func labelled(_ newLabel: String?) -> ScanRecord { changed(label: newLabel) }

  func withFindings(_ newFindings: [String: Bool]) -> ScanRecord { changed(label: nil, findings: newFindings) }

  func withoutLabels() -> ScanRecord { changed(label: nil, findings: [:]) }

  func identified(_ newID: ScanID) -> ScanRecord { changed(id: newID, label: label) }

  func belonging(to newPatient: PatientID) -> ScanRecord { changed(patient: newPatient, declared: newPatient, label: label) }

  /// Taken for another patient's, under the name it has.
  func joined(to newPatient: PatientID) -> ScanRecord { changed(patient: newPatient, label: label) }

  private func changed(
    id newID: ScanID? = nil, patient newPatient: PatientID? = nil, declared: PatientID? = nil, label newLabel: String?,
    findings newFindings: [String: Bool]? = nil
  ) -> ScanRecord {
    ScanRecord(
      id: newID ?? id, patient: newPatient ?? patient, scanner: scanner, label: newLabel, findings: newFindings ?? findings, path: path,
      absolutePath: absolutePath,
      split: split, site: site, date: date, group: group, declaredPatient: declared ?? declaredPatient, extra: extra)
  }
}
