import Adaptation

/// A rule of thumb that was looked up, and where it comes from. UNMEASURED: nothing was fitted.
public struct AppliedRule: Hashable, Codable, Sendable {
  public var strategy: String
  public var reason: String
  public var source: String
}
