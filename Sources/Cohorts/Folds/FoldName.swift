/// A fold's full name: the protocol it belongs to, the repetition, the fold (a number, a scanner or a site), and within it perhaps an inner
/// fold of its training patients.
public struct FoldName: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
  public let protocolName: String
  public let repetition: Int
  public let fold: String
  /// nil for the outer fold itself.
  public let inner: String?

  public init(protocolName: String, repetition: Int, fold: String, inner: String? = nil) {
    self.protocolName = protocolName
    self.repetition = repetition
    self.fold = fold
    self.inner = inner
  }

  /// The fold whose training patients an inner one divides; an outer one is its own.
  public var outer: FoldName { FoldName(protocolName: protocolName, repetition: repetition, fold: fold) }

  public func inner(_ name: String) -> FoldName {
    FoldName(protocolName: protocolName, repetition: repetition, fold: fold, inner: inner.map { "\($0).\(name)" } ?? name)
  }

  public var description: String {
    "\(protocolName), repetition \(repetition + 1), fold \(fold)" + (inner.map { ", inner fold \($0)" } ?? "")
  }

  public static func < (left: FoldName, right: FoldName) -> Bool {
    (left.protocolName, left.repetition, left.fold, left.inner ?? "")
      < (right.protocolName, right.repetition, right.fold, right.inner ?? "")
  }
}
