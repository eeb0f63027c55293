/// How a strategy appears in a result, whether or not it could be run.
public struct StrategyEntry: Hashable, Codable, Sendable {
  public var name: String
  public var summary: String
  /// Whose statistics the scored model holds, under the run's protocol.
  public var statistics: String
  public var head: String
  public var isTransductive: Bool
  /// Why it isn't run under this protocol or on this network; nil where it is.
  public var notApplicable: String?

  public init(
    name: String, summary: String, statistics: String, head: String, isTransductive: Bool = false, notApplicable: String? = nil
  ) {
    self.name = name
    self.summary = summary
    self.statistics = statistics
    self.head = head
    self.isTransductive = isTransductive
    self.notApplicable = notApplicable
  }
}
