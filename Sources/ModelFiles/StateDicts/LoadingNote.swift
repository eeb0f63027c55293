/// Something that loading did and a person should see.
public enum LoadingNote: Hashable, Sendable, CustomStringConvertible {
  /// The state dict lay inside a container.
  case unwrapped(container: String)
  /// Every key began with this.
  case strippedPrefix(String)
  /// Keys were renamed by a rule for their source.
  case renamed(source: String, count: Int)
  /// An entry of the state dict that isn't a tensor.
  case ignoredEntry(String)
  /// Keys of a head that is being replaced.
  case ignoredHead(keys: [String])
  case inferredArchitecture(String)
  /// The head's layers without weights can't be read from a file.
  case assumedHead(String)
  /// The file has no `num_batches_tracked`.
  case noBatchCounts
  /// Values were rounded to Float32.
  case converted(from: ElementType, count: Int)
  /// An option replaced what the card says.
  case overridden(String)
  /// No card: the patients the model was fitted on are unknown.
  case noCard

  public var description: String {
    switch self {
    case .unwrapped(let container): "weights taken from '\(container)' inside the file"
    case .strippedPrefix(let prefix): "the prefix '\(prefix)' was removed from every key"
    case .renamed(let source, let count): "\(count) keys renamed from \(source)"
    case .ignoredEntry(let key): "'\(key)' is not a tensor and was ignored"
    case .ignoredHead(let keys): "the stored head was left out: \(keys.joined(separator: ", "))"
    case .inferredArchitecture(let name): "architecture \(name), decided by the keys"
    case .assumedHead(let text): "head read as \(text); layers without weights are not recorded in the file"
    case .noBatchCounts: "the file has no num_batches_tracked"
    case .converted(let type, let count): "\(count) tensors converted from \(type.rawValue) to F32"
    case .overridden(let text): text
    case .noCard: "no model card: the patients the model was fitted on are unknown"
    }
  }
}
