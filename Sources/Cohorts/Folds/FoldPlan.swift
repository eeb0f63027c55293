/// How a cohort is divided into what is fitted on and what judges.
public enum FoldPlan: Hashable, Sendable, Codable, CustomStringConvertible {
  /// K folds of whole patients, balanced in patients, classes and scanners; every scan is tested once in each repetition.
  case grouped(folds: Int, seed: UInt64, repeats: Int = 1)
  /// One fold a scanner. Patients of the tested scanner who were also seen on others are in no training set of that fold.
  case leaveOneScannerOut
  /// One fold a site (the manifest's `site` column); patients seen at several are treated as with scanners.
  case leaveOneSiteOut
  /// Fitted on scans from before the day, scored on those from it on (the manifest's `date` column). A patient with scans on both sides
  /// is scored by the later ones; the earlier ones are left out.
  case temporal(from: ScanDate)
  /// The manifest's `split` column: train, test, and optionally validation.
  case splitColumn
  /// Folds named scan by scan, such as a `SplitFile`'s.
  case scans([ScanSplit])

  public var description: String {
    switch self {
    case .grouped(let folds, let seed, 1): "\(folds) folds of patients (seed \(seed))"
    case .grouped(let folds, let seed, let repeats): "\(folds) folds of patients, \(repeats) times (seed \(seed))"
    case .leaveOneScannerOut: "leave one scanner out"
    case .leaveOneSiteOut: "leave one site out"
    case .temporal(let date): "fitted on scans before \(date), scored on scans from then on"
    case .splitColumn: "the manifest's split"
    case .scans(let splits): "\(splits.count) fold\(splits.count == 1 ? "" : "s") from a file"
    }
  }
}

/// One division of a cohort. No patient is on both sides.
public struct Fold: Sendable {
  public let name: FoldName
  /// From 0, through all repetitions.
  public let index: Int
  public let training: TrainingScans
  /// Only where the manifest's split names validation scans; otherwise `training.split` makes them.
  public let validation: ValidationScans?
  public let test: TestScans
  /// The scanner left out, for `leaveOneScannerOut`.
  public let scanner: ScannerID?
  /// Patients who are not fitted on because they have scans on both sides: at the tested scanner or site and at others, or before and after.
  public let removedPatients: [PatientID]
}

/// Something a reader must know about folds that could nevertheless be made.
public enum FoldWarning: Hashable, Sendable, CustomStringConvertible {
  /// Too few patients have the class for every fold to test it.
  case classInFewerPatientsThanFolds(label: String, patients: Int, folds: Int)
  /// The fold's test scans have none of the class.
  case testLacksClass(fold: FoldName, label: String)
  /// Nothing to learn the class from.
  case trainingLacksClass(fold: FoldName, label: String)
  case patientsRemoved(fold: FoldName, patients: Int, scans: Int)
  /// A file of folds names them nowhere in this one.
  case scansInNeither(fold: FoldName, scans: Int)

  public var description: String {
    switch self {
    case .classInFewerPatientsThanFolds(let label, let patients, let folds):
      "class '\(label)' has \(patients) patient\(patients == 1 ? "" : "s") for \(folds) folds; some folds cannot test it"
    case .testLacksClass(let fold, let label): "\(fold): no test scan of class '\(label)'"
    case .trainingLacksClass(let fold, let label): "\(fold): no training scan of class '\(label)'"
    case .patientsRemoved(let fold, let patients, let scans):
      "\(fold): \(patients) patients with scans on both sides are left out of training (\(scans) scans)"
    case .scansInNeither(let fold, let scans): "\(fold): \(scans) scans are in neither train nor val and take no part"
    }
  }
}

/// The folds of a plan, with what must be said about them.
public struct FoldSet: Sendable {
  public let plan: FoldPlan
  public let folds: [Fold]
  public let warnings: [FoldWarning]
}

/// Why folds cannot be made.
public enum FoldError: Error, Hashable, Sendable, CustomStringConvertible {
  case patientsUnknown(source: String)
  case tooFewFolds(Int)
  case tooFewRepeats(Int)
  case moreFoldsThanPatients(folds: Int, patients: Int, source: String)
  case tooFewScanners(found: Int, source: String)
  case missingSite(scan: ScanID, source: String)
  case tooFewSites(found: Int, source: String)
  case missingDate(scan: ScanID, source: String)
  case unreadableDate(String, scan: ScanID, source: String)
  case oneSideOfDate(ScanDate, isBefore: Bool, source: String)
  /// Every patient of the other side was also seen on this one, or none of the other side's scans may be fitted on.
  case nothingToTrainOn(fold: String, plan: FoldPlan)
  case missingSplit(scan: ScanID, source: String)
  case unknownSplit(String, scan: ScanID, source: String)
  case patientInTwoSplits(PatientID, String, String, source: String)
  case emptySplit(String, source: String)
  case invalidFraction(Double)
  case tooFewPatientsToSplit(found: Int)

  public var description: String {
    switch self {
    case .patientsUnknown(let source):
      "\(source): patients are not known; folds need a patient column, --patient-pattern, or --patient-column path"
    case .tooFewFolds(let folds): "found \(folds) folds; expected at least 2"
    case .tooFewRepeats(let repeats): "found \(repeats) repeats; expected at least 1"
    case .moreFoldsThanPatients(let folds, let patients, let source):
      "\(source): found \(patients) patients; expected at least \(folds), one for each fold"
    case .tooFewScanners(let found, let source): "\(source): found \(found) scanner; leaving one out needs at least 2"
    case .missingSite(let scan, let source): "\(source): '\(scan)' has no site; leaving one out needs one for every scan"

    case .tooFewSites(let found, let source): "\(source): found \(found) site; leaving one out needs at least 2"
    case .missingDate(let scan, let source): "\(source): '\(scan)' has no date; a split by date needs one for every scan"

    case .unreadableDate(let found, let scan, let source):
      "\(source): '\(scan)' has date '\(found)'; expected YYYY-MM-DD or YYYYMMDD"
    case .oneSideOfDate(let date, let isBefore, let source):
      "\(source): every scan is from \(isBefore ? "before \(date)" : "\(date) or later"); expected some on each side"
    case .nothingToTrainOn(let fold, let plan):
      "\(plan), fold '\(fold)': every patient who could be fitted on is also scored in it; nothing is left to train on"
    case .missingSplit(let scan, let source): "\(source): '\(scan)' has no split; expected train, validation or test"
    case .unknownSplit(let found, let scan, let source):
      "\(source): '\(scan)' has split '\(found)'; expected train, validation or test"
    case .patientInTwoSplits(let patient, let one, let other, let source):
      "\(source): patient '\(patient)' is in both \(one) and \(other); expected each patient in one split"
    case .emptySplit(let name, let source): "\(source): found no scan with split \(name); expected at least one"
    case .invalidFraction(let fraction): "found a validation fraction of \(fraction); expected one between 0 and 1"
    case .tooFewPatientsToSplit(let found): "found \(found) training patient; expected at least 2 to set some aside for validation"
    }
  }
}
