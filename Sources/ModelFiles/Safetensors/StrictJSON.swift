/// A JSON value that keeps its members' order and refuses what Foundation lets pass: a name twice, bytes after the end, deep nesting.
enum StrictJSON: Equatable {
  case object([(name: String, value: StrictJSON)])
  case array([StrictJSON])
  case string(String)
  /// The digits as written; nothing is rounded.
  case number(String)
  case boolean(Bool)
  case null

  struct Failure: Error, Equatable {
    let offset: Int
    let problem: Problem
    enum Problem: Equatable {
      case unexpected
      case duplicateName(String)
      case tooDeep
      case tooMany
    }
  }

  /// - Parameter maximumCount: of values in all; a hundred megabytes of `[0,0,…` would need gigabytes.
  /// - Throws: `Failure` with the byte at which the text stops being JSON.
  static func parse(_ bytes: ArraySlice<UInt8>, maximumDepth: Int = 8, maximumCount: Int = 1_000_000) throws(Failure) -> StrictJSON {
    var parser = Parser(bytes: bytes, position: bytes.startIndex, remaining: maximumCount)
    let value = try parser.value(depth: maximumDepth)
    parser.skipSpace()
    guard parser.position == bytes.endIndex else { throw parser.failure(.unexpected) }
    return value
  }

  /// A non-negative integer without sign, fraction, exponent or leading zero.
  var count: Int? {
    guard case .number(let digits) = self, digits.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return Int(digits)
  }

  static func == (left: StrictJSON, right: StrictJSON) -> Bool {
    switch (left, right) {
    case (.object(let a), .object(let b)): a.count == b.count && zip(a, b).allSatisfy { $0.name == $1.name && $0.value == $1.value }
    case (.array(let a), .array(let b)): a == b
    case (.string(let a), .string(let b)), (.number(let a), .number(let b)): a == b
    case (.boolean(let a), .boolean(let b)): a == b
    case (.null, .null): true
    default: false
    }
  }

  /// `text` as a JSON string, quotes included; only what must be escaped is.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

private struct Parser {
  let bytes: ArraySlice<UInt8>
  var position: Int
  var remaining: Int

  func failure(_ problem: StrictJSON.Failure.Problem) -> StrictJSON.Failure {
    StrictJSON.Failure(offset: position - bytes.startIndex, problem: problem)
  }

  private var next: UInt8? { position < bytes.endIndex ? bytes[position] : nil }

  mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private mutating func take(_ character: Character) throws(StrictJSON.Failure) {
    skipSpace()
    guard next == character.asciiValue else { throw failure(.unexpected) }
    position += 1
  }

  private mutating func isNext(_ character: Character) -> Bool {
    skipSpace()
    return next == character.asciiValue
  }

  mutating func value(depth: Int) throws(StrictJSON.Failure) -> StrictJSON {
    skipSpace()
    guard depth > 0 else { throw failure(.tooDeep) }
    guard remaining > 0 else { throw failure(.tooMany) }
    remaining -= 1
    switch next {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .boolean(true))
    case UInt8(ascii: "f"): return try word("false", .boolean(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return .number(try number())
    }
  }

  private mutating func object(depth: Int) throws(StrictJSON.Failure) -> StrictJSON {
    try take("{")
    var members: [(name: String, value: StrictJSON)] = []
    var names: Set<String> = []
    if isNext("}") {
      position += 1
      return .object([])
    }
    while true {
      skipSpace()
      let name = try string()
      guard names.insert(name).inserted else { throw failure(.duplicateName(name)) }
      try take(":")
      members.append((name, try value(depth: depth - 1)))
      guard isNext(",") else { break }
      position += 1
    }
    try take("}")
    return .object(members)
  }

  private mutating func array(depth: Int) throws(StrictJSON.Failure) -> StrictJSON {
    try take("[")
    var elements: [StrictJSON] = []
    if isNext("]") {
      position += 1
      return .array([])
    }
    while true {
      elements.append(try value(depth: depth - 1))
      guard isNext(",") else { break }
      position += 1
    }
    try take("]")
    return .array(elements)
  }

  private mutating func word(_ word: String, _ value: StrictJSON) throws(StrictJSON.Failure) -> StrictJSON {
    guard bytes[position...].starts(with: word.utf8) else { throw failure(.unexpected) }
    position += word.utf8.count
    return value
  }

  private mutating func number() throws(StrictJSON.Failure) -> String {
    let start = position
    while let byte = next, "+-.eE0123456789".utf8.contains(byte) { position += 1 }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    let digits = text.drop { $0 == "-" }
    guard text.utf8.count < 64, Double(text) != nil,
      digits == "0" || !digits.hasPrefix("0") || digits.hasPrefix("0.") || digits.hasPrefix("0e")
    else {
      position = start
      throw failure(.unexpected)
    }
    return text
  }

  private mutating func string() throws(StrictJSON.Failure) -> String {
    guard next == UInt8(ascii: "\"") else { throw failure(.unexpected) }
    position += 1
    var text: [UInt8] = []
    while true {
      guard let byte = next, byte >= 0x20 else { throw failure(.unexpected) }
      position += 1
      if byte == UInt8(ascii: "\"") { break }
      if byte == UInt8(ascii: "\\") { text += String(try escaped()).utf8 } else { text.append(byte) }
    }
    guard let result = String(validating: text, as: UTF8.self) else { throw failure(.unexpected) }
    return result
  }

  private mutating func escaped() throws(StrictJSON.Failure) -> Unicode.Scalar {
    guard let byte = next else { throw failure(.unexpected) }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      let first = try hexadecimal()
      if let scalar = Unicode.Scalar(first) { return scalar }
      // A surrogate pair, the high one first.
      guard (0xD800..<0xDC00).contains(first), bytes[position...].starts(with: "\\u".utf8) else { throw failure(.unexpected) }
      position += 2
      let second = try hexadecimal()
      guard (0xDC00..<0xE000).contains(second), let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + second - 0xDC00) else {
        throw failure(.unexpected)
      }
      return scalar
    default: throw failure(.unexpected)
    }
  }

  private mutating func hexadecimal() throws(StrictJSON.Failure) -> UInt32 {
    let digits = bytes[position...].prefix(4)
    guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit && $0 < 0x80 }),
      let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw failure(.unexpected) }
    position += 4
    return value
  }
}
