import Imaging

/// What an audit says about a cohort.
public struct AuditResult: Sendable {
  /// Leaks first, then warnings, then notes.
  public let findings: [AuditFinding]
  /// Rows without files, and files that couldn't be decoded.
  public let failures: [ScanFailure]
  public let patientIdentity: PatientIdentity
  public let scans: Int
  public let patients: Int
  public let scanners: Int
  /// Scans among which near duplicates were looked for.
  public let searched: Int
  /// Patients that may be one person, with all evidence together; each group has two or more, sorted.
  public let groups: [[PatientID]]
  /// What labels were tested against, whatever came out.
  public let associations: [AuditAssociation]
  /// At most this share of cohorts whose labels have nothing to do with scanners and files get a warning that they do.
  public let falseAlarmRate: Double

  public var hasLeak: Bool { findings.contains { $0.severity == .leak } }

  public init(
    findings: [AuditFinding], failures: [ScanFailure], cohort: Cohort, searched: Int, groups: [[PatientID]],
    associations: [AuditAssociation], falseAlarmRate: Double
  ) {
    self.findings = findings.enumerated().sorted { ($0.element.severity, $0.offset) < ($1.element.severity, $1.offset) }.map(\.element)
    self.failures = failures
    patientIdentity = cohort.patientIdentity
    scans = cohort.count
    patients = cohort.patients.count
    scanners = cohort.scanners.count
    self.searched = searched
    self.groups = groups
    self.associations = associations
    self.falseAlarmRate = falseAlarmRate
  }
}

/// How an audit is done.
public struct AuditSettings: Sendable {
  public var threads: Int
  public var seed: UInt64
  public var limits: PNGLimits
  /// For all tests of association together.
  public var falseAlarmRate: Double
  /// Draws of each test, at most.
  public var permutations: Int

  public init(
    threads: Int = 2, seed: UInt64 = 0, limits: PNGLimits = PNGLimits(), falseAlarmRate: Double = 0.01, permutations: Int = 9999
  ) {
    precondition(threads >= 1 && falseAlarmRate > 0 && falseAlarmRate < 1, "\(threads) threads, false alarms \(falseAlarmRate)")
    self.threads = threads
    self.seed = seed
    self.limits = limits
    self.falseAlarmRate = falseAlarmRate
    self.permutations = permutations
  }
}

/// What the model that the scans are for expects of them, and who it knows.
public struct AuditExpectations: Sendable {
  public var preprocessing: Preprocessing
  public var labels: [String]
  /// Keyed hashes of the patients it was fitted on.
  public var fittedPatients: [PatientHashes]
  /// Whether these are all.
  public var knowsAllPatients: Bool

  public init(preprocessing: Preprocessing, labels: [String], fittedPatients: [PatientHashes], knowsAllPatients: Bool) {
    self.preprocessing = preprocessing
    self.labels = labels
    self.fittedPatients = fittedPatients
    self.knowsAllPatients = knowsAllPatients
  }
}
