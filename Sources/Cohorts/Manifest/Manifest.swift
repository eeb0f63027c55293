import Files
import OrderedCollections

/// The columns a manifest may have a role for.
public enum ManifestColumn: String, Hashable, Sendable, Codable, CaseIterable, CodingKeyRepresentable {
  case path, patient, scanner, label, split, site, date, group
}

/// How scans are read from a manifest or a folder.
public struct CohortOptions: Hashable, Sendable, Codable {
  /// Who the patients are.
  public enum Patients: Hashable, Sendable, Codable {
    /// The manifest's patient column; in a folder without a manifest, an error.
    case fromColumn
    /// `--patient-column path`: every scan is its own patient.
    case everyScanItsOwn
    /// `--patient-pattern REGEX` on each relative path: the first group, or the whole match where there is no group.
    case matching(pattern: String)
    /// Not needed: taken from the column where it is filled, and never good for folds where it isn't.
    case optional
  }

  /// What paths are relative to; nil means the manifest's folder.
  public var root: String?
  /// Names of columns where they differ from the roles' names: `[.patient: "PatientID"]`.
  public var columns: [ManifestColumn: String]
  public var patients: Patients
  /// Overrides the scanner column.
  public var scanner: String?
  /// For manifests without a scanner column, such as the folder's name.
  public var defaultScanner: String?
  /// A column for each finding that a scan may have beside others: 1, 0, or nothing where nobody looked. Empty: one label a scan.
  public var labelColumns: [String]
  /// Only rows that meet every one of these.
  public var keeping: [RowFilter]
  /// No row that meets any of these.
  public var leavingOut: [RowFilter]

  public init(
    root: String? = nil, columns: [ManifestColumn: String] = [:], patients: Patients = .fromColumn, scanner: String? = nil,
    defaultScanner: String? = nil, labelColumns: [String] = [], keeping: [RowFilter] = [], leavingOut: [RowFilter] = []
  ) {
    self.root = root
    self.columns = columns
    self.patients = patients
    self.scanner = scanner
    self.defaultScanner = defaultScanner
    self.labelColumns = labelColumns
    self.keeping = keeping
    self.leavingOut = leavingOut
  }

  func name(of column: ManifestColumn) -> String { columns[column] ?? column.rawValue }
}

/// A CSV file that says which patient, scanner and label each scan has.
///
/// `path,patient,scanner,label` and optionally `split`, `site`, `date` and `group`; comma, semicolon or tab; UTF-8 with or without a byte order mark. Cells are
/// text and lose the white space around them. Further columns are kept with each scan.
public enum Manifest {
  public static let limitBytes = 1 << 30

  /// - Throws: `ManifestError` for the first line that is wrong. Rows without files are not errors: they are in the cohort's
  ///   `unavailable`, unless no row has a file.
  public static func load(_ file: String, _ options: CohortOptions = CohortOptions()) throws(ManifestError) -> Cohort {
    let bytes: [UInt8]
    let root: ScanRoot
    do throws(FileError) {
      bytes = try FileContents.read(file, limitBytes: limitBytes)
      root = try ScanRoot(options.root ?? folder(of: file))
    } catch {
      throw ManifestError(file: file, reason: .file(error))
    }
    let table = try CSVTable(bytes, file: file)
    let columns = try ManifestColumns(table, options, file: file)
    var notes = ManifestNotes()
    notes.delimiter = table.delimiter.rawValue
    notes.hadByteOrderMark = table.hadByteOrderMark
    notes.rows = table.rows.count
    guard !table.rows.isEmpty else { throw ManifestError(file: file, reason: .noRows) }

    let kept = try columns.filtered(table.rows, notes: &notes)
    var reader = try ManifestRows(file: file, columns: columns, root: root)
    for row in kept { try reader.read(row) }
    if reader.records.isEmpty { throw ManifestError(file: file, reason: .noFileFound(root: root.path, rows: kept.count)) }
    if let idle = options.labelColumns.first(where: { name in !reader.records.contains { $0.findings[name] != nil } }) {
      throw ManifestError(file: file, reason: .emptyLabelColumn(idle))
    }
    notes.rowsWithoutLabel = reader.records.count { !$0.isLabelled }
    countFilesWithoutRows(root: root, columns: columns, rows: table.rows, notes: &notes)
    return Cohort(
      records: reader.records, patientIdentity: reader.patientIdentity, source: file, unavailable: reader.unavailable, notes: notes
    ).joiningGroups()
  }

  static func folder(of file: String) -> String {
    file.lastIndex(of: "/").map { $0 == file.startIndex ? "/" : String(file[..<$0]) } ?? "."
  }

  private static func countFilesWithoutRows(root: ScanRoot, columns: ManifestColumns, rows: [CSVTable.Row], notes: inout ManifestNotes) {
    let named = Set(rows.compactMap { try? root.relative(columns.cell(.path, of: $0) ?? "") })
    let files = (try? Folder.filesRecursively(below: root.resolved)) ?? []
    let left = files.filter { isScanFile($0) && !named.contains($0) }
    notes.filesWithoutRows = left.count
    notes.examplesOfFilesWithoutRows = Array(left.prefix(5))
  }
}

/// Whether a name looks like a scan's: it ends in `.png`.
func isScanFile(_ path: String) -> Bool { path.utf8.count > 4 && path.suffix(4).lowercased() == ".png" }
