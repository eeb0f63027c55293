import Cohorts

/// What a reader of a manifest should be told: how it was read, what was left out, which files are missing.
struct CohortNotes {
  let cohort: Cohort

  init(_ cohort: Cohort) { self.cohort = cohort }

  var lines: [String] {
    let notes = cohort.notes
    var lines = [
      "\(cohort.source): \(cohort.count) scans, \(cohort.patients.count) patients, "
        + "\(cohort.scanners.count) scanner\(cohort.scanners.count == 1 ? "" : "s") (\(cohort.patientIdentity))"
    ]
    if let delimiter = notes.delimiter, delimiter != "comma" { lines.append("columns are separated by a \(delimiter)") }
    if notes.hadByteOrderMark { lines.append("the file starts with a byte order mark, which was skipped") }
    if notes.rowsFilteredOut > 0 { lines.append("\(notes.rowsFilteredOut) rows left out by --where or --exclude") }
    lines += notes.idleFilters.map { "--exclude \($0) met no row" }
    if notes.patientsJoined > 0 {
      lines.append("\(notes.patientsJoined) patients share a group with others and are taken for \(notes.groupsOfJoined)")
    }
    if notes.rowsWithoutLabel > 0 { lines.append("\(notes.rowsWithoutLabel) scans have no label") }
    if notes.filesWithoutRows > 0 {
      lines.append("\(notes.filesWithoutRows) PNG files have no row, such as \(notes.examplesOfFilesWithoutRows.first ?? "")")
    }
    return lines
  }

  /// How it was read, and rows without a file.
  func print() {
    for line in lines { Terminal.note(line) }
    printMissing()
  }

  /// Rows without a file, again at the end of a long run.
  func printMissing() {
    guard !cohort.unavailable.isEmpty else { return }
    Terminal.note("\(cohort.unavailable.count) rows have no readable file:")
    for failure in cohort.unavailable.prefix(10) { Terminal.note("  \(failure)") }
    if cohort.unavailable.count > 10 { Terminal.note("  and \(cohort.unavailable.count - 10) more") }
  }
}
