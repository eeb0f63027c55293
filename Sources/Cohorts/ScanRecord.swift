import OrderedCollections

/// One scan: whose it is, where it comes from, what it shows if that is known, and where its file lies.
public struct ScanRecord: Hashable, Sendable, Identifiable {
  public let id: ScanID
  public let patient: PatientID
  public let scanner: ScannerID
  /// nil where the manifest's cell is empty or there is no such column.
  public let label: String?
  /// Relative to the cohort's root.
  public let path: String
  public let absolutePath: String
  /// The manifest's `split` cell, if any.
  public let split: String?
  /// Every other column with its cell, in the manifest's order.
  public let extra: OrderedDictionary<String, String>

  public init(
    id: ScanID? = nil, patient: PatientID, scanner: ScannerID, label: String? = nil, path: String, absolutePath: String,
    split: String? = nil,
    extra: OrderedDictionary<String, String> = [:]
  ) {
    self.id = id ?? ScanID(path)
    self.patient = patient
    self.scanner = scanner
    self.label = label
    self.path = path
    self.absolutePath = absolutePath
    self.split = split
    self.extra = extra
  }

  func labelled(_ newLabel: String?) -> ScanRecord { changed(label: newLabel) }

  func identified(_ newID: ScanID) -> ScanRecord { changed(id: newID, label: label) }

  func belonging(to newPatient: PatientID) -> ScanRecord { changed(patient: newPatient, label: label) }

  private func changed(id newID: ScanID? = nil, patient newPatient: PatientID? = nil, label newLabel: String?) -> ScanRecord {
    ScanRecord(
      id: newID ?? id, patient: newPatient ?? patient, scanner: scanner, label: newLabel, path: path, absolutePath: absolutePath,
      split: split, extra: extra)
  }
}
