/// The `key=value` words of a preprocessing line, and how each kind of value is read. nil means "not such a value".
struct SpecificationFields {
  private static let keys = ["gray", "alpha", "resize", "filter", "crop", "scale", "channels", "mean", "std"]
  private static let longestSide = 16_384
  static let scalings = "unit, zscore, percentile:LOW,HIGH or window:LOW,HIGH"
  private var values: [String: String] = [:]

  mutating func add(_ word: String) throws(PreprocessingSyntaxError) {
    let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, Self.keys.contains(parts[0]) else {
      throw PreprocessingSyntaxError(word: word, expected: "one of \(Self.keys.map { "\($0)=" }.joined(separator: " "))")
    }
    guard values.updateValue(parts[1], forKey: parts[0]) == nil else {
      throw PreprocessingSyntaxError(word: word, expected: "\(parts[0])= only once")
    }
  }

  func word(_ key: String) -> String? { values[key].map { "\(key)=\($0)" } }

  /// nil when the key was left out.
  func value<Value>(_ key: String, _ expected: String, _ read: (String) -> Value?) throws(PreprocessingSyntaxError) -> Value? {
    guard let text = values[key] else { return nil }
    guard let value = read(text) else { throw PreprocessingSyntaxError(word: "\(key)=\(text)", expected: "\(key)= \(expected)") }
    return value
  }

  static func channels(_ text: String) -> Int? { ["1": 1, "3": 3][text] }

  static func resize(_ text: String) -> Preprocessing.Resize? {
    if text == "none" { return Preprocessing.Resize.none }
    if let side = length(text) { return .shortestSide(side) }
    return size(text).map { .exact(width: $0.width, height: $0.height) }
  }

  /// The outer optional is "not such a value", the inner one "none".
  static func crop(_ text: String) -> Preprocessing.Crop?? {
    if text == "none" { return .some(nil) }
    if let side = length(text) { return Preprocessing.Crop(width: side, height: side) }
    return size(text).map { Preprocessing.Crop(width: $0.width, height: $0.height) }
  }

  static func scaling(_ text: String) -> IntensityScaling? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    if parts == ["unit"] { return .unitRange }
    if parts == ["zscore"] { return .zScore }
    guard parts.count == 2 else { return nil }
    let ends = parts[1].split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
    guard ends.count == 2, let low = ends[0], let high = ends[1] else { return nil }
    let scaling: IntensityScaling
    switch parts[0] {
    case "percentile": scaling = .percentileWindow(lower: low, upper: high)
    case "window": scaling = .window(low: low, high: high)
    default: return nil
    }
    return scaling.isOrdered ? scaling : nil
  }

  static func numbers(_ text: String, positive: Bool) -> [Float]? {
    let values = text.split(separator: ",", omittingEmptySubsequences: false).map { Float($0) }
    let read = values.compactMap(\.self)
    guard read.count == values.count, read.allSatisfy({ $0.isFinite && (!positive || $0 > 0) }) else { return nil }
    return read
  }

  private static func length(_ text: String) -> Int? {
    guard text.allSatisfy(\.isASCII), let length = Int(text), (1...longestSide).contains(length) else { return nil }
    return length
  }

  private static func size(_ text: String) -> (width: Int, height: Int)? {
    let sides = text.split(separator: "x", omittingEmptySubsequences: false).map { length(String($0)) }
    guard sides.count == 2, let width = sides[0], let height = sides[1] else { return nil }
    return (width, height)
  }
}
