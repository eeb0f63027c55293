/// Why statistics could not be taken.
public enum RecalibrationError: Error, Hashable, Sendable, CustomStringConvertible {
  /// No scan to take them from: the set is empty, or none of its files could be read.
  case noScans(listed: Int)
  /// One value per channel has no variance.
  case tooFewValues(layer: String, count: Int)
  /// One patient says nothing about how patients differ, so the mean has no standard error.
  case tooFewPatients(layer: String, found: Int)
  /// The intraclass correlation compares images.
  case tooFewScans(layer: String, found: Int)
  /// A scan whose features at this layer are not numbers.
  case nonFinite(layer: String, scan: String)
  /// A scan could be read in one pass and not in another.
  case scanChanged(String)

  public var description: String {
    switch self {
    case .noScans(let listed):
      listed == 0
        ? "found no scan to take statistics from; expected at least one" : "found no readable scan among \(listed); expected at least one"
    case .tooFewValues(let layer, let count):
      "\(layer): found \(count) value per channel; expected at least 2 to estimate a variance (more scans, or larger ones)"
    case .tooFewPatients(let layer, let found):
      "\(layer): found scans of \(found) patient; expected at least 2, since empirical Bayes weighs the shift by how patients differ "
        + "(with one, a prior or a fixed weight can be chosen)"
    case .tooFewScans(let layer, let found):
      "\(layer): found \(found) scan; expected at least 2, since channels are chosen by how scans differ"
    case .nonFinite(let layer, let scan): "\(scan): found features that are not finite numbers at \(layer); expected finite values"
    case .scanChanged(let scan):
      "\(scan): could be read at one time and not at another while statistics were taken; expected files that stay"
    }
  }
}
