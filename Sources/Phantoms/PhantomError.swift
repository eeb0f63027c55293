import Files

/// Why a phantom cohort was not rendered.
public enum PhantomError: Error, Hashable, Sendable, CustomStringConvertible {
  case specification(field: String, found: String, expected: String)
  /// The folder already holds a cohort, which is never overwritten.
  case cohortExists(manifest: String)
  case file(FileError)

  public var description: String {
    switch self {
    case .specification(let field, let found, let expected): "phantom: \(field) is \(found); expected \(expected)"
    case .cohortExists(let manifest): "\(manifest): found a cohort here already; expected a new or empty folder"
    case .file(let error): error.description
    }
  }
}
