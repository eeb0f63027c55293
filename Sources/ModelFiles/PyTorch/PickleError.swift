/// Why a pickle isn't read, and at which byte of the file.
public struct PickleError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Reason: Hashable, Sendable {
    case truncated
    /// An opcode that PyTorch's files don't need.
    case opcode(UInt8)
    /// Pops from an empty stack, a missing mark, a memo entry never put.
    case malformed(String)
    case protocolVersion(UInt8)
    case tooMany(String, limit: Int)
    case notUTF8
  }

  public let offset: Int
  public let reason: Reason

  public var description: String {
    switch reason {
    case .truncated: "the pickle ends early at byte \(offset)"
    case .opcode(let code): "found pickle opcode 0x\(String(code, radix: 16)) at byte \(offset); expected one that torch.save writes"
    case .malformed(let what): "the pickle is malformed at byte \(offset): \(what)"
    case .protocolVersion(let version): "found pickle protocol \(version); expected 2 to 5"
    case .tooMany(let what, let limit): "the pickle has more than \(limit) \(what)"
    case .notUTF8: "the pickle has a text that isn't UTF-8 at byte \(offset)"
    }
  }
}
