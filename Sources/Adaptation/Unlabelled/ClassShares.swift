/// The classes' shares in index order; none stands for equal ones.
public struct ClassShares: Hashable, Sendable, Codable, StrategyOptionValue {
  public let values: [Double]

  public static let equal = ClassShares(values: [])

  private init(values: [Double]) { self.values = values }

  public static var optionForm: String { "equal, or shares that sum to 1, in index order with + between, such as 0.3+0.7" }
  public init?(optionText: String) {
    guard optionText != "equal" else {
      self = .equal
      return
    }
    let values = optionText.split(separator: "+", omittingEmptySubsequences: false).map { Double($0) ?? .nan }
    guard values.allSatisfy({ $0 > 0 && $0 < 1 }), abs(values.reduce(0, +) - 1) < 1e-3 else { return nil }
    self.init(values: values)
  }
  public var optionText: String { values.isEmpty ? "equal" : values.map { "\($0)" }.joined(separator: "+") }
}
