import Crypto
import SystemPackage

/// The SHA-256 of some bytes. Ordered by its bytes, so that "in content-hash order" is the same everywhere.
public struct ContentHash: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
  /// 32 bytes.
  public let bytes: [UInt8]

  public init(of bytes: UnsafeRawBufferPointer) { self.init(digest: SHA256.hash(data: bytes)) }

  public init(of bytes: [UInt8]) { self = bytes.withUnsafeBytes { ContentHash(of: $0) } }

  public init(of text: String) { self.init(of: Array(text.utf8)) }

  /// Reads the file in blocks of 1 MB.
  public init(ofFileAt path: String) throws(FileError) {
    let filePath = FilePath(path)
    let file = try FileContents.openRegular(filePath)
    defer { try? file.close() }
    let digest = try naming(filePath, .reading) {
      var hash = SHA256()
      let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
      defer { block.deallocate() }
      while case let count = try file.read(into: block), count > 0 {
        hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: block[..<count]))
      }
      return hash.finalize()
    }
    self.init(digest: digest)
  }

  /// Parses 64 hexadecimal digits; nil for anything else.
  public init?(hex: some StringProtocol) {
    guard hex.utf8.count == 64 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(32)
    var high: UInt8?
    for digit in hex.utf8 {
      guard let value = Self.value(ofDigit: digit) else { return nil }
      if let first = high {
        bytes.append(first << 4 | value)
        high = nil
      } else {
        high = value
      }
    }
    self.bytes = bytes
  }

  private init(digest: SHA256Digest) { bytes = Array(digest) }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let hash = ContentHash(hex: text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is not a SHA-256 in hexadecimal")
    }
    self = hash
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(hex)
  }

  public var hex: String { hexadecimal(bytes) }

  public var description: String { hex }

  public static func < (left: ContentHash, right: ContentHash) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }

  private static func value(ofDigit digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}

/// The SHA-256 of `bytes` as 64 lowercase hexadecimal digits.
public func sha256Hex(of bytes: [UInt8]) -> String { ContentHash(of: bytes).hex }

/// The SHA-256 of a file as 64 lowercase hexadecimal digits.
public func sha256Hex(ofFileAt path: String) throws(FileError) -> String { try ContentHash(ofFileAt: path).hex }

/// Two lowercase digits a byte.
package func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
  let digits = Array("0123456789abcdef".utf8)
  return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
