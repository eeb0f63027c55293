/// Why advice can't be given, or not yet.
public enum AdviceError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Nothing to tell apart.
  case oneClass(String, source: String)
  /// Every fold tests each class and leaves some of it to fit on.
  case tooFewPatients(label: String, found: Int, needed: Int, source: String)
  case size(Int, smallest: Int, largest: Int)
  /// The metric isn't a mean over scans, so that patients' errors don't add up to it.
  case notAdditive(metric: String, known: [String])
  case budgetTooSmall(seconds: Double, needed: Double)
  case nothingLeft(memory: Int)
  /// Not one fold was finished; the same command with more time goes on.
  case timeOver(fits: Int, folder: String?)

  public var description: String {
    switch self {
    case .oneClass(let label, let source):
      "\(source): every labelled scan has class '\(label)'; advice needs two classes or more"
    case .tooFewPatients(let label, let found, let needed, let source):
      "\(source): found \(found) patient\(found == 1 ? "" : "s") of class '\(label)'; measuring needs at least \(needed), one to test in each "
        + "fold (--quick gives rules of thumb without measuring)"
    case .size(let found, let smallest, let largest):
      "found a size of \(found) patients; expected \(smallest) to \(largest), the training patients of a fold"
    case .notAdditive(let metric, let known):
      "found --metric \(metric), which isn't a mean over scans; expected one of \(known.joined(separator: ", "))"
    case .budgetTooSmall(let seconds, let needed):
      "found --time \(AdviceCut.duration(seconds)); the smallest comparison takes about \(AdviceCut.duration(needed)) on this machine (--quick gives rules of thumb "
        + "without measuring)"
    case .nothingLeft(let memory): "no strategy stays within --memory \(AdviceCut.gigabytes(memory)); expected more"
    case .timeOver(let fits, let folder):
      "the time was over after \(fits) fits, before one fold was finished; "
        + (folder.map { "they are kept in \($0), and the same command with more --time continues" } ?? "nothing is kept without a folder")
    }
  }
}
