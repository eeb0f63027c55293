/// One thing an audit found: what kind, how grave, which scans and patients, with which numbers. Its sentence is written by whoever shows it.
public struct AuditFinding: Hashable, Sendable {
  public enum Severity: String, Hashable, Sendable, Codable, Comparable, CaseIterable {
    /// A held-out score of this cohort can be wrong because of it; exit code 2.
    case leak
    /// Look at it before fitting anything.
    case warning
    case note

    public static func < (left: Severity, right: Severity) -> Bool {
      Self.allCases.firstIndex(of: left)! < Self.allCases.firstIndex(of: right)!
    }
  }

  public enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
    // people
    case patientInTwoSplits, samePixels, nearDuplicates, patientNameVariants, patientLeadingZeros, patientsKnownToModel
    case modelPatientsUnknown, patientsNotStated
    // pixels within a patient, or under two labels
    case repeatedScans, labelConflict, lookalikes, nearDuplicatesNotSearched
    // labels
    case labelGoesWithScanner, classOnOneScanner, labelGoesWithFiles, labelNameVariants, scannerNameVariants
    case labelsUnknownToModel, modelClassesWithoutScans
    // files
    case unreadable, damagedButRead, filesWithoutRows, blank, mixedFormats, inverted, constantBorders, saturated, rangeOutliers
    case refusedByModel, outsideModelRange
  }

  public struct Number: Hashable, Sendable, Codable {
    public let name: String
    public let value: Double

    public init(_ name: String, _ value: Double) {
      self.name = name
      self.value = value
    }
  }

  public let kind: Kind
  public let severity: Severity
  /// The scanner, class, file property or spelling it is about; never a patient or a scan.
  public let subject: String?
  /// Those concerned, in order, as many as are kept: at most `limit`.
  public let scans: [ScanID]
  public let patients: [PatientID]
  /// All of them, kept or not.
  public let scanCount: Int
  public let patientCount: Int
  /// Patients that may be one person, where it is about that.
  public let groups: [[PatientID]]
  public let numbers: [Number]

  /// How many scans and patients a finding lists.
  public static let limit = 1000

  public init(
    _ kind: Kind, _ severity: Severity, subject: String? = nil, scans: [ScanID] = [], patients: [PatientID] = [],
    scanCount: Int? = nil, patientCount: Int? = nil, groups: [[PatientID]] = [], numbers: [Number] = []
  ) {
    self.kind = kind
    self.severity = severity
    self.subject = subject
    self.scans = Array(scans.prefix(Self.limit))
    self.patients = Array(patients.prefix(Self.limit))
    self.scanCount = scanCount ?? scans.count
    self.patientCount = patientCount ?? patients.count
    self.groups = groups
    self.numbers = numbers
  }

  /// About these scans and their patients.
  init(_ kind: Kind, _ severity: Severity, subject: String? = nil, of records: [ScanRecord], numbers: [Number] = []) {
    self.init(
      kind, severity, subject: subject, scans: records.map(\.id), patients: Set(records.map(\.patient)).sorted(), numbers: numbers)
  }
}
