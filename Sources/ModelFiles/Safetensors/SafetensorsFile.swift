import Files
import OrderedCollections
import Tensors

/// A safetensors file: eight bytes of header length, a JSON header, and the tensors' bytes without gap or overlap.
///
/// Reading is strict: whatever the format's reference refuses is refused, with the key named. The format is documented at
/// https://github.com/huggingface/safetensors.
public struct SafetensorsFile: Sendable {
  /// As the reference implementation's.
  public static let headerLimit = 100_000_000

  /// In the header's order.
  public let tensors: OrderedDictionary<String, StoredTensor>
  /// `__metadata__`, in the header's order.
  public let metadata: OrderedDictionary<String, String>

  /// - Throws: `FileError` or `SafetensorsError`.
  public init(contentsOf path: String, limitBytes: Int = 8 << 30) throws {
    try self.init(bytes: try FileContents.read(path, limitBytes: limitBytes), file: path)
  }

  /// Whether it begins as such a file does: a header's length that fits the file, and the brace that opens it.
  static func isRecognized(_ bytes: [UInt8]) -> Bool {
    guard bytes.count > 8, bytes[8] == UInt8(ascii: "{") else { return false }
    return bytes[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) } <= UInt64(bytes.count - 8)
  }

  /// - Parameter file: what errors call it.
  public init(bytes: [UInt8], file: String) throws(SafetensorsError) {
    guard bytes.count >= 8 else { throw SafetensorsError(file: file, reason: .truncated(expectedBytes: 8, foundBytes: bytes.count)) }
    let length = bytes[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= Self.headerLimit else {
      throw SafetensorsError(file: file, reason: .headerTooLarge(limitBytes: Self.headerLimit, foundBytes: length))
    }
    let dataStart = 8 + Int(length)
    guard dataStart <= bytes.count else {
      throw SafetensorsError(file: file, reason: .truncated(expectedBytes: dataStart, foundBytes: bytes.count))
    }
    let header = try SafetensorsHeader(json: bytes[8..<dataStart], file: file)
    try header.checkLayout(dataBytes: bytes.count - dataStart, file: file)
    var tensors: OrderedDictionary<String, StoredTensor> = [:]
    for entry in header.entries {
      tensors[entry.key] = StoredTensor(
        shape: entry.shape, elementType: entry.elementType, bytes: bytes, offset: dataStart + entry.range.lowerBound)
    }
    self.tensors = tensors
    metadata = header.metadata
  }
}
