/// A day, as manifests write it: `2024-03-01`, with or without a time after it, or DICOM's `20240301`.
public struct ScanDate: Hashable, Comparable, Sendable, Codable, RawRepresentable, CustomStringConvertible {
  public let year: Int
  public let month: Int
  public let day: Int

  /// nil for anything that isn't a day of the Gregorian calendar in one of these forms: `01/02/2024` has two readings.
  public init?(_ text: String) {
    let characters = Array(text.utf8)
    let digits: [UInt8]
    if characters.count == 8 {
      digits = characters
    } else {
      let dash = UInt8(ascii: "-")
      guard characters.count >= 10, characters[4] == dash, characters[7] == dash else { return nil }
      if characters.count > 10, characters[10] != UInt8(ascii: "T"), characters[10] != UInt8(ascii: " ") { return nil }
      digits = Array(characters[0..<4] + characters[5..<7] + characters[8..<10])
    }
    guard digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
    func number(_ range: Range<Int>) -> Int { digits[range].reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) } }
    (year, month, day) = (number(0..<4), number(4..<6), number(6..<8))
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    guard year > 0, (1...12).contains(month), (1...lengths[month - 1]).contains(day) else { return nil }
  }

  public init?(rawValue: String) { self.init(rawValue) }

  public var rawValue: String { description }

  public var description: String {
    func padded(_ number: Int, _ width: Int) -> String { String(repeating: "0", count: max(0, width - "\(number)".count)) + "\(number)" }
    return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
  }

  public static func < (left: ScanDate, right: ScanDate) -> Bool {
    (left.year, left.month, left.day) < (right.year, right.month, right.day)
  }
}
