/// What is held out, what may be fitted on, and therefore what a score means.
public enum EvaluationProtocol: String, Hashable, Codable, Sendable, CaseIterable {
  /// Cross-validation over the target scanner's patients: adaptations are fitted on the other folds' patients, labels and all.
  case withinScanner = "within-scanner"
  /// Each scanner in turn is held out whole: nothing of it is used, not even for statistics.
  case unseenScanner = "unseen-scanner"
  /// Cross-validation over the target scanner's patients whose labels nothing sees: the other folds' scans give statistics only.
  case unlabelledScanner = "unlabelled-scanner"
  /// As `unlabelledScanner`, but the statistics come from the very scans that are scored. Results are labelled so everywhere.
  case transductive

  /// One sentence for headers and methods sections.
  public var sentence: String {
    switch self {
    case .withinScanner: "cross-validation by patient on the target scanner; each adaptation is fitted on the other folds' patients"
    case .unseenScanner: "leave one scanner out; nothing of the scanner that is scored was used, not even for statistics"
    case .unlabelledScanner: "cross-validation by patient on the target scanner; adaptations see the other folds' scans without labels"
    case .transductive:
      "TRANSDUCTIVE: statistics were taken from the very scans that are scored, without their labels; no estimate for other scans"
    }
  }

  /// Whether an adaptation may see labels of the scanner that is scored or of others.
  public var givesLabels: Bool { self == .withinScanner || self == .unseenScanner }
}
