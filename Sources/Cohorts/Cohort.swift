import OrderedCollections

/// How a cohort knows which scans belong to one patient. Stamped on every result, for it decides what a held-out score means.
public enum PatientIdentity: Hashable, Sendable, Codable, CustomStringConvertible {
  case declaredColumn(String)
  /// A regular expression on the path of each file.
  case pathPattern(String)
  /// The user states that every scan is a patient of its own.
  case everyScanItsOwn
  /// Nobody said; good for predicting, refused for folds.
  case unknown

  public var description: String {
    switch self {
    case .declaredColumn(let name): "patients from column '\(name)'"
    case .pathPattern(let pattern): "patients from paths by /\(pattern)/"
    case .everyScanItsOwn: "every scan taken as its own patient"
    case .unknown: "patients unknown"
    }
  }
}

/// A scan that was asked for and couldn't be had.
public struct ScanFailure: Hashable, Sendable, CustomStringConvertible {
  public let path: String
  /// The manifest's line, if one named it.
  public let line: Int?
  public let reason: String
  /// The scanner it is of, where that is known.
  public let scanner: ScannerID?

  public init(path: String, line: Int? = nil, reason: String, scanner: ScannerID? = nil) {
    self.path = path
    self.line = line
    self.reason = reason
    self.scanner = scanner
  }

  public var description: String { "\(path): \(reason)" + (line.map { " (line \($0))" } ?? "") }
}

/// What the reader should be told about how a manifest was read.
public struct ManifestNotes: Hashable, Sendable {
  /// "comma", "semicolon", "tab", or nil where there was no table.
  public var delimiter: String?
  public var hadByteOrderMark = false
  public var rows = 0
  public var rowsFilteredOut = 0
  public var rowsWithoutLabel = 0
  public var filesWithoutRows = 0
  /// The first of them, for the report.
  public var examplesOfFilesWithoutRows: [String] = []
  /// `--exclude` conditions that met no row.
  public var idleFilters: [RowFilter] = []
  /// Patients that the `group` column joins with others, and into how many they are joined.
  public var patientsJoined = 0
  public var groupsOfJoined = 0

  public init() {}
}

/// Scans with their patients, scanners and labels: everything that is known before anyone decides what is held out.
public struct Cohort: Sendable {
  /// In the manifest's order.
  public let records: [ScanRecord]
  public let patientIdentity: PatientIdentity
  /// The manifest or folder it was read from, for messages.
  public let source: String
  /// Rows without files. They are not in `records`, and the command's exit code says so.
  public let unavailable: [ScanFailure]
  public let notes: ManifestNotes

  public init(
    records: [ScanRecord], patientIdentity: PatientIdentity, source: String = "cohort", unavailable: [ScanFailure] = [],
    notes: ManifestNotes = ManifestNotes()
  ) {
    self.records = records
    self.patientIdentity = patientIdentity
    self.source = source
    self.unavailable = unavailable
    self.notes = notes
  }

  /// Sorted, without doubles.
  public var patients: [PatientID] { Set(records.map(\.patient)).sorted() }
  public var scanners: [ScannerID] { Set(records.map(\.scanner)).sorted() }
  public var labels: [String] { Set(records.flatMap(\.labels)).sorted() }

  public var count: Int { records.count }

  /// The scanner's scans and missing files. Missing files that belong to no scanner with scans stay: nobody else would list them.
  public func restricted(toScanner scanner: ScannerID) -> Cohort {
    let others = Set(records.map(\.scanner)).subtracting([scanner])
    let listed = unavailable.filter { failure in failure.scanner.map { !others.contains($0) } ?? true }
    return Cohort(
      records: records.filter { $0.scanner == scanner }, patientIdentity: patientIdentity, source: source, unavailable: listed, notes: notes
    )
  }

  /// The scans that have a label.
  public var labelled: Cohort { filtered(\.isLabelled) }

  public func filtered(_ isKept: (ScanRecord) -> Bool) -> Cohort {
    Cohort(records: records.filter(isKept), patientIdentity: patientIdentity, source: source, unavailable: unavailable, notes: notes)
  }

  /// Everything may be fitted on: for the model that is handed over, after evaluation.
  public func allForFitting(_ ledger: Ledger, under protocolName: String = "final fit") -> TrainingScans {
    TrainingScans(
      records: records, patientIdentity: patientIdentity, fold: FoldName(protocolName: protocolName, repetition: 0, fold: "all"),
      use: .fitting, ledger: ledger)
  }
}
