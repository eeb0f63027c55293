/// `column=value`: rows whose cell equals the value, both without white space around them.
public struct RowFilter: Hashable, Sendable, Codable, CustomStringConvertible {
  public let column: String
  public let value: String

  public init(column: String, value: String) {
    self.column = column
    self.value = value
  }

  /// Reads `column=value`; an empty value is allowed (`label=` means rows without a label). nil if there is no `=` or no column.
  public init?(argument: String) {
    guard let equals = argument.firstIndex(of: "="), equals != argument.startIndex else { return nil }
    self.init(column: String(argument[..<equals]), value: String(argument[argument.index(after: equals)...]))
  }

  public var description: String { "\(column)=\(value)" }
}
