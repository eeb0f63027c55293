import Files

/// What is wrong with a safetensors file, and at which key.
public struct SafetensorsError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Reason: Hashable, Sendable {
    /// Shorter than its own header says.
    case truncated(expectedBytes: Int, foundBytes: Int)
    case headerTooLarge(limitBytes: Int, foundBytes: UInt64)
    /// The header stops being JSON of the expected form at this byte.
    case headerNotJSON(offset: Int)
    case headerTooDeep
    /// More than a million values.
    case headerTooMany
    case duplicateKey(String)
    /// An entry lacks a member, has one too many, or one of another kind.
    case malformedEntry(key: String, expected: String)
    case unknownElementType(key: String, found: String)
    /// Extents whose product doesn't fit in memory.
    case overflow(key: String)
    /// The byte range isn't as long as shape and element type need.
    case wrongSize(key: String, expectedBytes: Int, foundBytes: Int)
    /// The byte range lies outside the data.
    case outOfBounds(key: String, end: Int, dataBytes: Int)
    case overlap(key: String, with: String)
    /// Bytes that no tensor owns.
    case hole(offset: Int, before: String)
    case trailingBytes(count: Int)
  }

  public let file: String
  public let reason: Reason

  public init(file: String, reason: Reason) {
    self.file = file
    self.reason = reason
  }

  public var description: String {
    switch reason {
    case .truncated(let expected, let found): "\(file): found \(found) bytes; expected at least \(expected)"
    case .headerTooLarge(let limit, let found): "\(file): found a safetensors header of \(found) bytes; expected at most \(limit)"
    case .headerNotJSON(let offset): "\(file): the safetensors header isn't valid JSON at its byte \(offset)"
    case .headerTooDeep: "\(file): the safetensors header is nested too deeply"
    case .headerTooMany: "\(file): the safetensors header has more than a million values"
    case .duplicateKey(let key): "\(file): found '\(key)' twice; expected every key once"
    case .malformedEntry(let key, let expected): "\(file): the entry '\(key)' is malformed; expected \(expected)"
    case .unknownElementType(let key, let found):
      "\(file): '\(key)' has element type \(found); expected F64, F32, F16, BF16, I64, I32, I16, I8, U8 or BOOL"
    case .overflow(let key): "\(file): the shape of '\(key)' is too large"
    case .wrongSize(let key, let expected, let found):
      "\(file): '\(key)' occupies \(found) bytes; its shape and element type need \(expected)"
    case .outOfBounds(let key, let end, let data): "\(file): '\(key)' ends at byte \(end); the data end at \(data)"
    case .overlap(let key, let other): "\(file): '\(key)' overlaps '\(other)'"
    case .hole(let offset, let key): "\(file): found unused bytes at \(offset), before '\(key)'; expected tensors without gaps"
    case .trailingBytes(let count): "\(file): found \(count) bytes after the last tensor; expected the end of the file"
    }
  }
}
