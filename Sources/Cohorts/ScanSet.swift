/// Scans in a stated role. The roles are types, so that what fits cannot be given what tests.
public protocol ScanSet: Sendable {
  var records: [ScanRecord] { get }
  var patientIdentity: PatientIdentity { get }
}

extension ScanSet {
  public var count: Int { records.count }
  public var patients: [PatientID] { Set(records.map(\.patient)).sorted() }
  /// As the manifest names them; more than `patients` where groups join some.
  public var declaredPatients: [PatientID] { Set(records.map(\.declaredPatient)).sorted() }
  public var scanners: [ScannerID] { Set(records.map(\.scanner)).sorted() }
  public var labels: [String] { Set(records.flatMap(\.labels)).sorted() }
  public var labelledRecords: [ScanRecord] { records.filter(\.isLabelled) }
}

/// Scans that weights, statistics, thresholds, class weights and intensity ranges may be fitted on.
///
/// Made only by a fold, by `split`, by `innerFolds`, by `Cohort.allForFitting` and by `TestScans.transductively`; each making is in the ledger.
public struct TrainingScans: ScanSet {
  public let records: [ScanRecord]
  public let patientIdentity: PatientIdentity
  public let fold: FoldName
  /// True if these are test scans used without their labels; results must say so.
  public let isTransductive: Bool
  let ledger: Ledger

  init(records: [ScanRecord], patientIdentity: PatientIdentity, fold: FoldName, use: Ledger.Use, ledger: Ledger) {
    self.init(records: records, patientIdentity: patientIdentity, fold: fold, isTransductive: use == .transductive, ledger: ledger)
    ledger.record(records, in: fold, as: use)
  }

  private init(records: [ScanRecord], patientIdentity: PatientIdentity, fold: FoldName, isTransductive: Bool, ledger: Ledger) {
    self.records = records
    self.patientIdentity = patientIdentity
    self.fold = fold
    self.isTransductive = isTransductive
    self.ledger = ledger
  }

  /// A part of what may be fitted on; nothing new becomes fittable, so the ledger stays as it is.
  public func restricted(toScanner scanner: ScannerID) -> TrainingScans { filtered { $0.scanner == scanner } }

  public var labelled: TrainingScans { filtered(\.isLabelled) }

  public func filtered(_ isKept: (ScanRecord) -> Bool) -> TrainingScans { keeping(records.filter(isKept)) }

  func keeping(_ part: [ScanRecord]) -> TrainingScans {
    TrainingScans(
      records: part, patientIdentity: patientIdentity, fold: fold, isTransductive: isTransductive, ledger: ledger)
  }
}

/// Scans that decide when to stop and what to accept, of patients that are neither trained on nor tested.
public struct ValidationScans: ScanSet {
  public let records: [ScanRecord]
  public let patientIdentity: PatientIdentity
  public let fold: FoldName

  /// The caller writes the ledger: a validation set is made together with what it was divided from.
  init(dividedOff records: [ScanRecord], patientIdentity: PatientIdentity, fold: FoldName) {
    self.records = records
    self.patientIdentity = patientIdentity
    self.fold = fold
  }

  private init(_ records: [ScanRecord], of whole: ValidationScans) {
    self.records = records
    patientIdentity = whole.patientIdentity
    fold = whole.fold
  }

  public func restricted(toScanner scanner: ScannerID) -> ValidationScans {
    ValidationScans(records.filter { $0.scanner == scanner }, of: self)
  }

  public var labelled: ValidationScans { ValidationScans(labelledRecords, of: self) }
}

/// Scans that only judge.
public struct TestScans: ScanSet {
  public let records: [ScanRecord]
  public let patientIdentity: PatientIdentity
  public let fold: FoldName
  private let ledger: Ledger

  init(records: [ScanRecord], patientIdentity: PatientIdentity, fold: FoldName, ledger: Ledger) {
    self.init(records, patientIdentity, fold, ledger)
    ledger.record(records, in: fold, as: .test)
  }

  private init(_ records: [ScanRecord], _ patientIdentity: PatientIdentity, _ fold: FoldName, _ ledger: Ledger) {
    self.records = records
    self.patientIdentity = patientIdentity
    self.fold = fold
    self.ledger = ledger
  }

  public func restricted(toScanner scanner: ScannerID) -> TestScans { restricted(toScanners: [scanner]) }

  public func restricted(toScanners scanners: Set<ScannerID>) -> TestScans {
    TestScans(records.filter { scanners.contains($0.scanner) }, patientIdentity, fold, ledger)
  }

  public var labelled: TestScans { TestScans(labelledRecords, patientIdentity, fold, ledger) }

  /// These scans as something to fit on, their labels removed: for transductive recalibration, which is labelled so everywhere.
  public func transductively() -> TrainingScans {
    TrainingScans(
      records: records.map { $0.withoutLabels() }, patientIdentity: patientIdentity, fold: fold, use: .transductive, ledger: ledger)
  }
}
