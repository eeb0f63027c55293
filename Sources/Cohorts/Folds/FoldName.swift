/// A fold's full name: the protocol it belongs to, the repetition, and the fold (a number or a scanner).
public struct FoldName: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
  public let protocolName: String
  public let repetition: Int
  public let fold: String

  public init(protocolName: String, repetition: Int, fold: String) {
    self.protocolName = protocolName
    self.repetition = repetition
    self.fold = fold
  }

  public var description: String { "\(protocolName), repetition \(repetition + 1), fold \(fold)" }

  public static func < (left: FoldName, right: FoldName) -> Bool {
    (left.protocolName, left.repetition, left.fold) < (right.protocolName, right.repetition, right.fold)
  }
}
