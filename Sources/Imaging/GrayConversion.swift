/// When a color file may become a gray scan.
public enum GrayConversion: String, Codable, Hashable, Sendable, CaseIterable, CustomStringConvertible {
  /// Only files stored as gray are accepted.
  case refuse
  /// Color files whose red, green and blue are equal in every pixel are gray; others keep their color if the network takes
  /// three channels and are refused if it takes one.
  case equalChannelsOnly = "equal"
  /// Color becomes ITU-R 601 luma, rounded as Pillow does: (19595 R + 38470 G + 7471 B + 32768) / 65536.
  case luminance

  public var description: String { rawValue }
}

/// What to do about alpha and tRNS. Alpha that is opaque everywhere is dropped in either case.
public enum AlphaRule: String, Codable, Hashable, Sendable, CaseIterable, CustomStringConvertible {
  /// A pixel that isn't opaque is an error.
  case opaqueOnly = "opaque"
  /// Transparency is ignored: the color stored under it is used.
  case discard

  public var description: String { rawValue }
}

/// What was decided about an image's channels on the way in; printed and counted, so that no conversion happens unsaid.
public enum PixelNote: String, Codable, Hashable, Sendable, CaseIterable, Comparable, CustomStringConvertible {
  case equalChannelsMerged = "color files with equal channels were read as gray"
  case luminanceTaken = "color was converted to gray (luminance)"
  case opaqueAlphaDropped = "an opaque alpha channel was dropped"
  case alphaDiscarded = "transparency was ignored"
  case paletteExpanded = "a palette was expanded"
  case grayReplicated = "gray was repeated to three channels"

  public var description: String { rawValue }

  public static func < (left: PixelNote, right: PixelNote) -> Bool { left.rawValue < right.rawValue }
}
