import Cohorts
import ModelFiles

/// Labels of another form than a model's answers: one class a scan, or findings that may be there together.
public enum LabelFormError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The model gives each finding a probability of its own; the scans have one label each.
  case classesForFindings
  /// The scans have a column for each finding; the model's classes exclude each other.
  case findingsForClasses
  /// What was asked for compares classes that exclude each other.
  case needsClasses(String)

  public var description: String {
    switch self {
    case .classesForFindings:
      "the model gives each finding a probability of its own, and the scans have one label each; expected the findings' columns "
        + "(--label-columns A,B)"
    case .findingsForClasses:
      "the scans have a column for each finding, and the model's classes exclude each other; expected a new head for the findings "
        + "(--head new), or no --label-columns"
    case .needsClasses(let what):
      "\(what) needs classes that exclude each other, and this model gives each finding a probability of its own"
    }
  }

  /// - Throws: itself, where scans and model don't go together.
  static func check(_ records: [ScanRecord], against card: ModelCard) throws(LabelFormError) {
    switch card.output {
    case .softmax: if records.contains(where: { !$0.findings.isEmpty }) { throw .findingsForClasses }
    case .sigmoid: if records.contains(where: { $0.label != nil }) { throw .classesForFindings }
    }
  }
}
