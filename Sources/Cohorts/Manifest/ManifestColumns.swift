import OrderedCollections

/// Which column of a table plays which role.
struct ManifestColumns {
  let options: CohortOptions
  let header: [String]
  private let positions: [ManifestColumn: Int]
  private let extras: [(name: String, position: Int)]
  private let findings: [(name: String, position: Int)]
  private let file: String

  init(_ table: CSVTable, _ options: CohortOptions, file: String) throws(ManifestError) {
    self.options = options
    self.file = file
    header = table.header
    var positions: [ManifestColumn: Int] = [:]
    for role in ManifestColumn.allCases {
      // A scan has one label or a column for each finding.
      if role == .label, !options.labelColumns.isEmpty { continue }
      let name = options.name(of: role)
      if let position = header.firstIndex(of: name) {
        positions[role] = position
      } else if role == .path || options.columns[role] != nil || (role == .patient && options.patients == .fromColumn) {
        throw ManifestError(file: file, line: table.headerLine, reason: .missingColumn(name, for: role, available: header))
      }
    }
    if positions[.scanner] == nil, options.scanner == nil, options.defaultScanner == nil {
      throw ManifestError(file: file, line: table.headerLine, reason: .missingScannerColumn(available: header))
    }
    var findings: [(name: String, position: Int)] = []
    for name in options.labelColumns {
      guard let position = header.firstIndex(of: name) else {
        throw ManifestError(file: file, line: table.headerLine, reason: .missingLabelColumn(name, available: header))
      }
      findings.append((name, position))
    }
    self.findings = findings
    self.positions = positions
    let taken = Set(positions.values).union(findings.map(\.position))
    extras = header.enumerated().filter { !taken.contains($0.offset) }.map { ($0.element, $0.offset) }
  }

  /// nil where the table has no such column.
  func cell(_ role: ManifestColumn, of row: CSVTable.Row) -> String? { positions[role].map { row.cells[$0] } }

  /// What is known of each finding.
  func findings(of row: CSVTable.Row) throws(ManifestError) -> [String: Bool] {
    var known: [String: Bool] = [:]
    for (name, position) in findings where !row.cells[position].isEmpty {
      let value = Double(row.cells[position])
      guard value == 0 || value == 1 else {
        throw ManifestError(file: file, line: row.line, reason: .unknownFinding(row.cells[position], column: name))
      }
      known[name] = value == 1
    }
    return known
  }

  func extraCells(of row: CSVTable.Row) -> OrderedDictionary<String, String> {
    OrderedDictionary(uniqueKeysWithValues: extras.map { ($0.name, row.cells[$0.position]) })
  }

  /// A filter may name a column as the file does, or by its role.
  private func position(ofFilter filter: RowFilter) throws(ManifestError) -> Int {
    if let position = header.firstIndex(of: filter.column) { return position }
    if let role = ManifestColumn(rawValue: filter.column), let position = positions[role] { return position }
    throw ManifestError(file: file, line: 1, reason: .unknownFilterColumn(filter.column, available: header))
  }

  func filtered(_ rows: [CSVTable.Row], notes: inout ManifestNotes) throws(ManifestError) -> [CSVTable.Row] {
    var kept = rows
    for filter in options.keeping {
      let position = try position(ofFilter: filter)
      kept.removeAll { $0.cells[position] != trimmed(filter.value) }
    }
    for filter in options.leavingOut {
      let position = try position(ofFilter: filter)
      let before = kept.count
      kept.removeAll { $0.cells[position] == trimmed(filter.value) }
      if kept.count == before { notes.idleFilters.append(filter) }
    }
    notes.rowsFilteredOut = rows.count - kept.count
    guard !kept.isEmpty else { throw ManifestError(file: file, reason: .everyRowFilteredOut) }
    return kept
  }
}
