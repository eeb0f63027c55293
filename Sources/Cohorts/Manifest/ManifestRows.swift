/// Turns rows into scan records, one after another, with everything that must hold between them.
struct ManifestRows {
  let file: String
  let columns: ManifestColumns
  private(set) var root: ScanRoot
  private(set) var records: [ScanRecord] = []
  private(set) var unavailable: [ScanFailure] = []
  private var lineOfPath: [String: Int] = [:]
  private var firstOfFile: [String: (path: String, line: Int)] = [:]
  private var lacksPatients = false
  private let patientPattern: PathPattern?

  init(file: String, columns: ManifestColumns, root: ScanRoot) throws(ManifestError) {
    self.file = file
    self.columns = columns
    self.root = root
    patientPattern =
      if case .matching(let pattern) = columns.options.patients { try PathPattern(pattern, file: file) } else { nil }
  }

  var patientIdentity: PatientIdentity {
    switch columns.options.patients {
    case .fromColumn: .declaredColumn(columns.options.name(of: .patient))
    case .everyScanItsOwn: .everyScanItsOwn
    case .matching(let pattern): .pathPattern(pattern)
    case .optional: lacksPatients ? .unknown : .declaredColumn(columns.options.name(of: .patient))
    }
  }

  mutating func read(_ row: CSVTable.Row) throws(ManifestError) {
    let written = columns.cell(.path, of: row) ?? ""
    guard !written.isEmpty else { throw problem(row, .missingPath) }
    let path: String
    do throws(ScanRoot.Problem) {
      path = try root.relative(written)
    } catch {
      throw problem(row, .pathLeavesRoot(path: written, root: root.path))
    }
    if let first = lineOfPath[path] { throw problem(row, .duplicatePath(path, firstLine: first)) }
    lineOfPath[path] = row.line

    let patient = try patient(of: row, path: path)
    let scanner = columns.options.scanner ?? filled(.scanner, of: row) ?? columns.options.defaultScanner
    guard let scanner else { throw problem(row, .missingScanner(scan: path)) }
    func failure(_ reason: String) -> ScanFailure {
      ScanFailure(path: path, line: row.line, reason: reason, scanner: ScannerID(scanner))
    }
    let location: String
    do throws(ScanRoot.Problem) {
      location = try root.locate(path)
    } catch {
      switch error {
      case .leavesRoot: throw problem(row, .pathLeavesRoot(path: written, root: root.path))
      case .missing: unavailable.append(failure("no such file"))
      case .notAFile(let found): unavailable.append(failure("found \(found); expected a file"))
      }
      return
    }
    if let first = firstOfFile.updateValue((path, row.line), forKey: location) {
      throw problem(row, .sameFile(path, other: first.path, firstLine: first.line))
    }
    records.append(
      ScanRecord(
        patient: patient, scanner: ScannerID(scanner), label: filled(.label, of: row), findings: try columns.findings(of: row), path: path,
        absolutePath: location,
        split: filled(.split, of: row), site: filled(.site, of: row), date: filled(.date, of: row), group: filled(.group, of: row),
        extra: columns.extraCells(of: row)))
  }

  private mutating func patient(of row: CSVTable.Row, path: String) throws(ManifestError) -> PatientID {
    switch columns.options.patients {
    case .everyScanItsOwn: return PatientID(path)
    case .matching(let pattern):
      guard let id = patientPattern?.id(in: path) else { throw problem(row, .patternDoesNotMatch(pattern: pattern, path: path)) }
      return PatientID(id)
    case .fromColumn:
      guard let id = filled(.patient, of: row) else { throw problem(row, .missingPatient(scan: path)) }
      return PatientID(id)
    case .optional:
      if let id = filled(.patient, of: row) { return PatientID(id) }
      lacksPatients = true
      return PatientID(path)
    }
  }

  /// The cell, or nil where it is empty or there is no such column.
  private func filled(_ role: ManifestColumn, of row: CSVTable.Row) -> String? {
    columns.cell(role, of: row).flatMap { $0.isEmpty ? nil : $0 }
  }

  private func problem(_ row: CSVTable.Row, _ reason: ManifestError.Reason) -> ManifestError {
    ManifestError(file: file, line: row.line, reason: reason)
  }
}
