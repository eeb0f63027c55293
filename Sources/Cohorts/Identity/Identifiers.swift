import Foundation

/// A patient as the manifest names them: always text ("007" is not 7), in Unicode's composed form.
public struct PatientID: Hashable, Comparable, Sendable, Codable, RawRepresentable, ExpressibleByStringLiteral, CustomStringConvertible {
  public let rawValue: String

  public init(rawValue: String) { self.rawValue = rawValue.precomposedStringWithCanonicalMapping }
  public init(_ text: String) { self.init(rawValue: text) }
  public init(stringLiteral value: String) { self.init(rawValue: value) }

  public var description: String { rawValue }
  public static func < (left: PatientID, right: PatientID) -> Bool { left.rawValue < right.rawValue }
}

/// A scanner, camera or site: what may shift the images.
public struct ScannerID: Hashable, Comparable, Sendable, Codable, RawRepresentable, ExpressibleByStringLiteral, CustomStringConvertible {
  public let rawValue: String

  public init(rawValue: String) { self.rawValue = rawValue.precomposedStringWithCanonicalMapping }
  public init(_ text: String) { self.init(rawValue: text) }
  public init(stringLiteral value: String) { self.init(rawValue: value) }

  public var description: String { rawValue }
  public static func < (left: ScannerID, right: ScannerID) -> Bool { left.rawValue < right.rawValue }
}

/// A scan within its cohort: its path below the root, with the folder's name before it where cohorts were merged.
public struct ScanID: Hashable, Comparable, Sendable, Codable, RawRepresentable, ExpressibleByStringLiteral, CustomStringConvertible {
  public let rawValue: String

  public init(rawValue: String) { self.rawValue = rawValue }
  public init(_ text: String) { self.init(rawValue: text) }
  public init(stringLiteral value: String) { self.init(rawValue: value) }

  public var description: String { rawValue }
  public static func < (left: ScanID, right: ScanID) -> Bool { left.rawValue < right.rawValue }
}
