import Cohorts

/// By what an evaluation divides its patients, beside `unseenScanner`, which leaves scanners out.
public enum FoldDivision: Hashable, Codable, Sendable {
  /// K folds, repeated.
  case patients
  /// Leave one site out.
  case sites
  /// Fitted before the day, scored from it on.
  case date(ScanDate)
  /// The manifest's `split` column.
  case splitColumn
  /// A file such as nnU-Net's `splits_final.json`; its folds are the cross-validation's `splitFile`.
  case file

  public var sentence: String? {
    switch self {
    case .patients: nil
    case .sites: "leave one site out; nothing of the site that is scored was fitted on"
    case .date(let date): "fitted on scans from before \(date), scored on those from then on; patients with both are scored only"
    case .splitColumn: "the manifest's own split"
    case .file: "the folds of a file"
    }
  }
}
