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
    id: ScanID? = nil, patient: PatientID, scanner: ScannerID, label: String? = nil, path: String, absolutePath: String,
    split: String? = nil, site: String? = nil, date: String? = nil, group: String? = nil, declaredPatient: PatientID? = nil,
    extra: OrderedDictionary<String, String> = [:]
  ) {
    self.id = id ?? ScanID(path)
    self.patient = patient
    self.declaredPatient = declaredPatient ?? patient
    self.scanner = scanner
    self.label = label
    self.path = path
    self.absolutePath = absolutePath
    self.split = split
    self.site = site
    self.date = date
    self.group = group
    self.extra = extra
  }

  func labelled(_ newLabel: String?) -> ScanRecord { changed(label: newLabel) }

  func identified(_ newID: ScanID) -> ScanRecord { changed(id: newID, label: label) }

  func belonging(to newPatient: PatientID) -> ScanRecord { changed(patient: newPatient, declared: newPatient, label: label) }

  /// Taken for another patient's, under the name it has.
  func joined(to newPatient: PatientID) -> ScanRecord { changed(patient: newPatient, label: label) }

  private func changed(
    id newID: ScanID? = nil, patient newPatient: PatientID? = nil, declared: PatientID? = nil, label newLabel: String?
  ) -> ScanRecord {
    ScanRecord(
      id: newID ?? id, patient: newPatient ?? patient, scanner: scanner, label: newLabel, path: path, absolutePath: absolutePath,
      split: split, site: site, date: date, group: group, declaredPatient: declared ?? declaredPatient, extra: extra)
  }
}
