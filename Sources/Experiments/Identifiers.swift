import Cohorts

/// How patients and scans are named in files that may leave the run folder.
public enum Identifiers: Sendable {
  case pseudonyms(Pseudonyms)
  /// As the manifest has them: only where the user asked for that.
  case asGiven

  package func scan(_ scan: ScanID) -> String {
    switch self {
    case .pseudonyms(let pseudonyms): pseudonyms.scan(scan)
    case .asGiven: scan.rawValue
    }
  }

  package func patient(_ patient: PatientID) -> String {
    switch self {
    case .pseudonyms(let pseudonyms): pseudonyms.patient(patient)
    case .asGiven: patient.rawValue
    }
  }
}
