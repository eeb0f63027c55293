import ArgumentParser
import Cohorts

/// Which scans, and how a manifest or folder says whose they are: the same on every command.
struct ScanOptions: ParsableArguments {
  @Option(
    name: .customLong("scans"), parsing: .singleValue,
    help: "A manifest (CSV), a folder with manifest.csv, or a folder of label folders. May be given several times.")
  var sources: [String] = []

  @Option(help: "What the manifest's paths are relative to; its own folder unless given.")
  var root: String?

  @Option(name: .customLong("column"), parsing: .singleValue, help: "A column's name for a role: patient=PatientID.")
  var columns: [ColumnName] = []

  @Option(
    help: "Columns of findings that a scan may have together, separated by commas: 1 there, 0 not there, empty where nobody looked.",
    transform: columnList)
  var labelColumns: [String] = []

  @Option(help: "'path' states that every scan is its own patient; it is stamped on every result.")
  var patientColumn: String?

  @Option(help: "A regular expression on each path: its first group is the patient.")
  var patientPattern: String?

  @Option(help: "The scanner of all scans, whatever the manifest says.")
  var scanner: String?

  @Option(name: .customLong("where"), parsing: .singleValue, help: "Keep only rows with column=value.")
  var keeping: [RowFilter] = []

  @Option(name: .customLong("exclude"), parsing: .singleValue, help: "Leave out rows with column=value.")
  var leavingOut: [RowFilter] = []

  @Option(
    name: .customLong("map-label"), parsing: .singleValue, help: "A label's name in the scans and in the model: Pneumonia=pneumonia.")
  var labelMappings: [LabelMapping] = []

  func validate() throws {
    guard !sources.isEmpty else { throw ValidationError("--scans is needed: a manifest or a folder") }
    if patientColumn != nil, patientPattern != nil { throw ValidationError("give --patient-column or --patient-pattern, not both") }
  }

  /// - Parameter needsPatients: whether a scan without a patient is an error.
  func cohortOptions(needsPatients: Bool = true) -> CohortOptions {
    var columns = Dictionary(columns.map { ($0.role, $0.name) }) { _, last in last }
    var patients: CohortOptions.Patients = needsPatients ? .fromColumn : .optional
    if patientColumn == "path" {
      patients = .everyScanItsOwn
    } else if let patientColumn {
      columns[.patient] = patientColumn
    } else if let patientPattern {
      patients = .matching(pattern: patientPattern)
    }
    return CohortOptions(
      root: root, columns: columns, patients: patients, scanner: scanner, labelColumns: labelColumns,
      keeping: keeping, leavingOut: leavingOut)
  }

  /// All sources as one cohort; what was noticed while reading goes to stderr.
  func load(needsPatients: Bool = true) throws -> Cohort {
    let options = cohortOptions(needsPatients: needsPatients)
    let cohort = try Cohort.merging(try sources.map { try Cohort.load($0, options) }).renamingLabels(labelMappings)
    CohortNotes(cohort).print()
    return cohort
  }
}

private func columnList(_ argument: String) throws -> [String] {
  let names = argument.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
  guard names.allSatisfy({ !$0.isEmpty }), Set(names).count == names.count else {
    throw ValidationError("--label-columns are different names separated by commas; found '\(argument)'")
  }
  return names
}

/// `role=name` on the command line.
struct ColumnName: ExpressibleByArgument {
  let role: ManifestColumn
  let name: String

  init?(argument: String) {
    let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
    guard parts.count == 2, let role = ManifestColumn(rawValue: parts[0]) else { return nil }
    (self.role, name) = (role, parts[1])
  }
}

extension RowFilter: ExpressibleByArgument {}

extension LabelMapping: ExpressibleByArgument {
  public init?(argument: String) {
    let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return nil }
    self.init(found: parts[0], model: parts[1])
  }
}
