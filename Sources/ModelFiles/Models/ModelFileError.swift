import Graphs

/// Why a weight file gives no model, and what to say so that it does.
public struct ModelFileError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Reason: Hashable, Sendable {
    /// Options that must be given because nothing says it: each as it would be typed, with what it stands for.
    case missingInformation([String])
    /// No built-in network has these keys; the closest one and how many keys differ.
    case unknownArchitecture(closest: Architecture?, differences: Int)
    case severalArchitectures([Architecture])
    case keys(architecture: String, missing: [String], unexpected: [String], mismatched: [KeyMismatch])
    case unusableValue(UnusableValue)
    /// A head that isn't linear, or a Sequential of dropout, ReLU and linear.
    case unreadableHead(key: String)
    case malformedCard(String)
    case newerCard(found: Int, supported: Int)
    /// The card beside the file says something else than the one inside.
    case twoCards(sidecar: String)
    /// An option contradicts the card.
    case contradicts(option: String, found: String, card: String)
    case inconsistent(ModelConsistencyError)
  }

  public let file: String
  public let reason: Reason

  init(_ file: String, _ reason: Reason) {
    self.file = file
    self.reason = reason
  }

  public var description: String {
    switch reason {
    case .missingInformation(let options): "\(file): has no model card; say \(options.joined(separator: " and "))"
    case .unknownArchitecture(let closest, let differences):
      "\(file): no built-in network has these keys"
        + (closest.map { "; the closest is \($0.rawValue), \(differences) keys differ (--architecture \($0.rawValue) lists them)" } ?? "")
        + "; expected one of \(Architecture.allCases.map(\.rawValue).joined(separator: ", "))"
    case .severalArchitectures(let names):
      "\(file): several networks have these keys; say --architecture \(names.map(\.rawValue).joined(separator: " or "))"
    case .keys(let architecture, let missing, let unexpected, let mismatched):
      "\(file): doesn't fit \(architecture): " + Self.words(missing, unexpected, mismatched).joined(separator: "; ")
    case .unusableValue(let value): "\(file): '\(value.key)' holds NaN, infinity or a negative variance; expected \(value.expected)"
    case .unreadableHead(let key):
      "\(file): cannot read the head from '\(key)'; expected a linear layer or a Sequential of dropout, ReLU and linear"
    case .malformedCard(let problem): "\(file): the model card is malformed: \(problem)"
    case .newerCard(let found, let supported): "\(file): found a model card of format \(found); expected at most \(supported)"
    case .twoCards(let sidecar): "\(file): holds a model card that differs from \(sidecar); remove one"
    case .contradicts(let option, let found, let card): "\(file): \(option) \(found) contradicts the model card, which says \(card)"
    case .inconsistent(let error): "\(file): \(error)"
    }
  }

  /// The first five of each and how many there are.
  private static func words(_ missing: [String], _ unexpected: [String], _ mismatched: [KeyMismatch]) -> [String] {
    func list(_ items: [String], _ what: String) -> String? {
      guard !items.isEmpty else { return nil }
      let more = items.count > 5 ? ", … \(items.count - 5) more" : ""
      return "\(items.count) \(what): \(items.prefix(5).joined(separator: ", "))\(more)"
    }
    return [
      list(missing, "missing"), list(unexpected, "unexpected"),
      list(mismatched.map { "'\($0.key)' is \($0.found), expected \($0.expected)" }, "mismatched"),
    ].compactMap { $0 }
  }
}
