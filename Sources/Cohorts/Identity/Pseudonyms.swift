import Crypto
import Files

/// Names for patients and scans that say nothing to those who lack the site's key: HMAC-SHA256, cut to 60 bits, readable.
///
/// The same key gives the same pseudonym in every run, so that results of one site can be joined; a key made for one run can't be
/// joined with anything. 60 bits: a million patients collide with a chance below one in a million.
public struct Pseudonyms: Sendable {
  private let key: SymmetricKey
  /// Names the key without telling it: two files with the same key id used the same key.
  public let keyID: String

  /// - Parameter key: at least 16 bytes.
  public init(key: [UInt8]) {
    precondition(key.count >= 16, "a pseudonym key of \(key.count) bytes; at least 16 are needed")
    self.key = SymmetricKey(data: key)
    keyID = hexadecimal(Self.code("key id", "", self.key).prefix(8))
  }

  /// A key for one run.
  public init(using generator: inout some RandomNumberGenerator) {
    self.init(key: (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
  }

  /// Reads a site's key file: its bytes without white space at the end, at least 16 and at most 4096.
  public init(keyFile path: String) throws(PseudonymKeyError) {
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try FileContents.read(path, limitBytes: 4096)
    } catch {
      throw .file(error)
    }
    var end = bytes.count
    while end > 0, [9, 10, 13, 32].contains(bytes[end - 1]) { end -= 1 }
    guard end >= 16 else { throw .tooShort(path: path, foundBytes: end) }
    self.init(key: Array(bytes[..<end]))
  }

  /// For example `P-7K3Q-X2MD-9RTV`.
  public func patient(_ patient: PatientID) -> String { "P-" + readable(Self.code("patient", patient.rawValue, key)) }

  /// For example `S-0M4C-8ZJ1-HN5T`.
  public func scan(_ scan: ScanID) -> String { "S-" + readable(Self.code("scan", scan.rawValue, key)) }

  /// 32 hexadecimal digits, for a model card.
  func patientHash(_ patient: PatientID) -> String { hexadecimal(Self.code("patient hash", patient.rawValue, key).prefix(16)) }

  private static func code(_ kind: String, _ name: String, _ key: SymmetricKey) -> [UInt8] {
    Array(HMAC<SHA256>.authenticationCode(for: Array(kind.utf8) + [0] + Array(name.utf8), using: key))
  }

  /// Crockford's base 32, three groups of four.
  private func readable(_ code: [UInt8]) -> String {
    let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
    let word = code.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let digits = (0..<12).map { alphabet[Int(word >> UInt64(59 - 5 * $0) & 31)] }
    return stride(from: 0, to: 12, by: 4).map { String(decoding: digits[$0..<($0 + 4)], as: UTF8.self) }.joined(separator: "-")
  }
}

/// Why a key file can't serve.
public enum PseudonymKeyError: Error, Hashable, Sendable, CustomStringConvertible {
  case file(FileError)
  case tooShort(path: String, foundBytes: Int)

  public var description: String {
    switch self {
    case .file(let error): error.description
    case .tooShort(let path, let found): "\(path): found a key of \(found) bytes; expected at least 16"
    }
  }
}
