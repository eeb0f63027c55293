import Files

extension Cohort {
  /// A manifest; a folder with `manifest.csv`, whose name is the scanner's where the manifest has none; or a folder of images.
  public static func load(_ path: String, _ options: CohortOptions = CohortOptions()) throws(ManifestError) -> Cohort {
    guard Folder.exists(path) else { return try Manifest.load(path, options) }
    var options = options
    options.defaultScanner = options.defaultScanner ?? folderName(path)
    let manifest = path + "/manifest.csv"
    if EntryKind(at: manifest) == .missing {
      guard options.labelColumns.isEmpty else { throw ManifestError(file: path, reason: .labelColumnsWithoutManifest) }
      return try ImageFolder.load(path, options)
    }
    return try Manifest.load(manifest, options)
  }

  /// The folders of a batch: those directly in `path` that have a `manifest.csv`, in byte order of their names.
  public static func foldersOfBatch(in path: String) throws(FileError) -> [String] {
    try Folder.names(in: path).filter { !$0.hasPrefix(".") }.map { path + "/" + $0 }
      .filter { EntryKind(at: $0 + "/manifest.csv") != .missing }
  }

  private static func folderName(_ path: String) -> String? {
    let resolved = (try? Folder.resolved(path)) ?? path
    return resolved.split(separator: "/").last.map(String.init)
  }

  /// Several cohorts as one. Equal patient ids mean the same patient, whichever folder they come from: to take one person for two
  /// would let them straddle folds. Where two scans have the same id, ids get their folder's name in front.
  /// - Throws: `CohortError` if the cohorts disagree on how patients are known.
  public static func merging(_ cohorts: [Cohort]) throws(CohortError) -> Cohort {
    guard let first = cohorts.first else { throw .nothingToMerge }
    guard cohorts.count > 1 else { return first }
    for other in cohorts where other.patientIdentity != first.patientIdentity {
      throw .differentPatientIdentities(first.source, first.patientIdentity, other.source, other.patientIdentity)
    }
    var records = cohorts.flatMap(\.records)
    if Set(records.map(\.id)).count < records.count {
      records = cohorts.flatMap { cohort in cohort.records.map { $0.identified(ScanID(cohort.source + "/" + $0.id.rawValue)) } }
    }
    if first.patientIdentity == .everyScanItsOwn || first.patientIdentity == .unknown {
      records = records.map { $0.belonging(to: PatientID($0.id.rawValue)) }
    }
    var seen: [String: String] = [:]
    for record in records {
      if let other = seen.updateValue(record.id.rawValue, forKey: record.absolutePath) {
        throw .sameFileTwice(other, record.id.rawValue)
      }
    }
    var notes = ManifestNotes()
    for part in cohorts.map(\.notes) {
      notes.rows += part.rows
      notes.rowsFilteredOut += part.rowsFilteredOut
      notes.rowsWithoutLabel += part.rowsWithoutLabel
      notes.filesWithoutRows += part.filesWithoutRows
      notes.examplesOfFilesWithoutRows += part.examplesOfFilesWithoutRows
      notes.hadByteOrderMark = notes.hadByteOrderMark || part.hadByteOrderMark
    }
    notes.idleFilters = first.notes.idleFilters.filter { filter in cohorts.allSatisfy { $0.notes.idleFilters.contains(filter) } }
    return Cohort(
      records: records, patientIdentity: first.patientIdentity, source: cohorts.map(\.source).joined(separator: " + "),
      unavailable: cohorts.flatMap(\.unavailable), notes: notes
    ).joiningGroups()
  }
}

/// Why cohorts can't be taken as one.
public enum CohortError: Error, Hashable, Sendable, CustomStringConvertible {
  case nothingToMerge
  case differentPatientIdentities(String, PatientIdentity, String, PatientIdentity)
  case sameFileTwice(String, String)

  public var description: String {
    switch self {
    case .nothingToMerge: "found no scans; expected at least one manifest or folder"
    case .differentPatientIdentities(let first, let one, let second, let other):
      "\(second): found \(other); expected \(one), as in \(first)"
    case .sameFileTwice(let first, let second): "\(second): found the same file as \(first); expected each scan once"
    }
  }
}
