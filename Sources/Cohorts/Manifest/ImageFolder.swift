import Files

/// A folder without a manifest: `root/label/…/scan.png`; scans directly in `root` have no label.
public enum ImageFolder {
  /// - Throws: `ManifestError`, also where the options don't say who the patients are: they are never invented.
  public static func load(_ folder: String, _ options: CohortOptions) throws(ManifestError) -> Cohort {
    let identity: PatientIdentity
    var pattern: PathPattern?
    switch options.patients {
    case .fromColumn: throw ManifestError(file: folder, reason: .patientsNotStated)
    case .everyScanItsOwn: identity = .everyScanItsOwn
    case .optional: identity = .unknown
    case .matching(let text):
      pattern = try PathPattern(text, file: folder)
      identity = .pathPattern(text)
    }
    let files: [String]
    var root: ScanRoot
    do throws(FileError) {
      root = try ScanRoot(folder)
      files = try Folder.filesRecursively(below: root.resolved).filter(isScanFile)
    } catch {
      throw ManifestError(file: folder, reason: .file(error))
    }
    guard !files.isEmpty else { throw ManifestError(file: folder, reason: .noRows) }
    guard let scanner = options.scanner ?? options.defaultScanner else {
      throw ManifestError(file: folder, reason: .missingScanner(scan: files[0]))
    }
    var records: [ScanRecord] = []
    var unavailable: [ScanFailure] = []
    for path in files {
      let parts = path.split(separator: "/")
      let label = parts.count > 1 ? String(parts[0]) : nil
      if !isKept(label: label, scanner: scanner, options) { continue }
      var patient = PatientID(path)
      if let pattern, case .matching(let text) = options.patients {
        guard let id = pattern.id(in: path) else {
          throw ManifestError(file: folder, reason: .patternDoesNotMatch(pattern: text, path: path))
        }
        patient = PatientID(id)
      }
      guard let location = try? root.locate(path) else {
        unavailable.append(ScanFailure(path: path, reason: "a link that leads out of the folder", scanner: ScannerID(scanner)))
        continue
      }
      records.append(ScanRecord(patient: patient, scanner: ScannerID(scanner), label: label, path: path, absolutePath: location))
    }
    guard !records.isEmpty else { throw ManifestError(file: folder, reason: .everyRowFilteredOut) }
    var notes = ManifestNotes()
    notes.rows = files.count
    notes.rowsFilteredOut = files.count - records.count - unavailable.count
    notes.rowsWithoutLabel = records.count { $0.label == nil }
    return Cohort(records: records, patientIdentity: identity, source: folder, unavailable: unavailable, notes: notes)
  }

  /// A folder has two columns only: label and scanner.
  private static func isKept(label: String?, scanner: String, _ options: CohortOptions) -> Bool {
    func meets(_ filter: RowFilter) -> Bool {
      switch filter.column {
      case "label": (label ?? "") == filter.value
      case "scanner": scanner == filter.value
      default: false
      }
    }
    return options.keeping.allSatisfy(meets) && !options.leavingOut.contains(where: meets)
  }
}
