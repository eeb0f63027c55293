/// A regular expression that finds the patient's id in a path: its first group, or the whole match where it has no group.
struct PathPattern {
  private let regex: Regex<AnyRegexOutput>

  init(_ pattern: String, file: String) throws(ManifestError) {
    do {
      regex = try Regex(pattern)
    } catch {
      throw ManifestError(file: file, reason: .badPattern(pattern))
    }
  }

  /// nil if nothing matches, or what matches is empty.
  func id(in path: String) -> String? {
    guard let match = try? regex.firstMatch(in: path) else { return nil }
    let found = match.output.count > 1 ? match.output[1].substring : match.output[0].substring
    return found.flatMap { $0.isEmpty ? nil : String($0) }
  }
}
