import Evaluation

/// What a cross-validation found: everything a table or report shows, and nothing that names a patient in the clear.
///
/// `evaluation.json` is this value.
public struct EvaluationResult: Hashable, Codable, Sendable {
  public static let formatVersion = 3
  /// Of the tables beside it.
  static let tableVersion = 2

  public var format = EvaluationResult.formatVersion
  public var header: EvaluationHeader
  /// The baseline first, then the adaptations in the order in which they were asked for.
  public var strategies: [StrategyResult]
  public var scanners: [ScannerSummary]
  public var folds: [FoldSummary]
  public var findings: [Finding]
  public var unreadable: [UnreadableEntry]
  /// The command that fits the same on all patients; written by whoever knows the command line.
  public var refitCommand: String?
  /// How it was carried out; nil for a result that was put together by hand.
  public var conduct: EvaluationConduct?

  public init(
    header: EvaluationHeader, strategies: [StrategyResult], scanners: [ScannerSummary] = [], folds: [FoldSummary] = [],
    findings: [Finding] = [], unreadable: [UnreadableEntry] = [], refitCommand: String? = nil
  ) {
    self.header = header
    self.strategies = strategies
    self.scanners = scanners
    self.folds = folds
    self.findings = findings
    self.unreadable = unreadable
    self.refitCommand = refitCommand
  }

  /// The row that the others are compared with.
  public var baseline: StrategyResult? { strategies.first { $0.isBaseline } }

  /// A patient was on both sides.
  public var hasLeak: Bool { findings.contains { $0.severity == .leak } }

  /// A strategy was tried and failed in some fold.
  public var hasFailedStrategy: Bool {
    strategies.contains { if case .failed = $0.outcome { true } else { false } }
  }
}

/// How many patients and scans of a scanner were scored, and which classes they have.
public struct ScannerSummary: Hashable, Codable, Sendable {
  /// What the scanner was to the run.
  public enum Role: String, Hashable, Codable, Sendable {
    case target, source, other
  }

  public var scanner: String
  public var role: Role
  public var patients: Int
  public var scans: Int
  /// Patients with at least one scan of each class, by class index.
  public var patientsPerClass: [Int]

  public init(scanner: String, role: Role, patients: Int, scans: Int, patientsPerClass: [Int]) {
    self.scanner = scanner
    self.role = role
    self.patients = patients
    self.scans = scans
    self.patientsPerClass = patientsPerClass
  }
}

/// One fold's sizes.
public struct FoldSummary: Hashable, Codable, Sendable {
  public var name: String
  public var trainingPatients: Int
  public var trainingScans: Int
  public var testPatients: Int
  public var testScans: Int

  public init(name: String, trainingPatients: Int, trainingScans: Int, testPatients: Int, testScans: Int) {
    self.name = name
    self.trainingPatients = trainingPatients
    self.trainingScans = trainingScans
    self.testPatients = testPatients
    self.testScans = testScans
  }
}

/// A scan that took no part because its file couldn't be read.
public struct UnreadableEntry: Hashable, Codable, Sendable {
  /// A pseudonym by default.
  public var scan: String
  public var reason: String

  public init(scan: String, reason: String) {
    self.scan = scan
    self.reason = reason
  }
}
