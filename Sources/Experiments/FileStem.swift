import Cohorts
import Files

extension String {
  /// For a file's name: letters, digits and hyphens. Where that loses something, a hash keeps names apart.
  var fileStem: String {
    let safe = unicodeScalars.map {
      $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil) ? Character($0) : "-"
    }
    let stem = String(String(safe).prefix(40))
    return stem + (stem == self ? "" : "-\(ContentHash(of: self).hex.prefix(12))")
  }
}

extension FoldName {
  var fileStem: String { "\(repetition + 1)-\(fold.fileStem)" }
}
