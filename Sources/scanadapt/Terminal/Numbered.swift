/// A value as a JSON document with the number of its format beside its own keys, for who reads it with another version.
struct Numbered<Value: Encodable>: Encodable {
  let format: Int
  let value: Value

  /// - Parameter value: one that encodes as an object.
  init(_ value: Value, format: Int) {
    self.format = format
    self.value = value
  }

  private enum CodingKeys: CodingKey {
    case format
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(format, forKey: .format)
    try value.encode(to: encoder)
  }
}
