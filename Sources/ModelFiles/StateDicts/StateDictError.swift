/// Why no single state dict can be had from a file.
public struct StateDictError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Reason: Hashable, Sendable {
    /// The associated value says what the file holds instead.
    case noStateDict(found: String)
    case severalCandidates([String])
    case unknownStateKey(String, candidates: [String])
    /// Two keys became one when a prefix was removed or a rule renamed them.
    case duplicateKey(String)
    case unknownFormat
  }

  public let file: String
  public let reason: Reason

  public var description: String {
    switch reason {
    case .noStateDict(let found): "\(file): found \(found); expected a state dict (torch.save(model.state_dict(), …))"
    case .severalCandidates(let keys):
      "\(file): found \(keys.count) state dicts: \(keys.joined(separator: ", ")); choose one with --state KEY"
    case .unknownStateKey(let key, let candidates):
      "\(file): found no state dict at '\(key)'; expected \(candidates.isEmpty ? "none" : candidates.joined(separator: ", "))"
    case .duplicateKey(let key): "\(file): found '\(key)' twice; expected every key once"
    case .unknownFormat: "\(file): found neither safetensors nor a file that torch.save wrote"
    }
  }
}
