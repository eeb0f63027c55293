/// What is refused before anything is allocated for it.
public struct PNGLimits: Hashable, Sendable {
  /// Pixels a side.
  public var side: Int
  /// Pixels in all.
  public var pixels: Int
  /// Bytes of one ancillary chunk.
  public var ancillaryBytes: Int
  /// Bytes of the file.
  public var fileBytes: Int
  /// Image data of more bytes than this isn't refused but inflated row by row, which takes less memory and twice the time.
  public var inflatedBytes: Int

  public init(
    side: Int = 16_384, pixels: Int = 100_000_000, ancillaryBytes: Int = 1 << 20, fileBytes: Int = 1 << 30, inflatedBytes: Int = 64 << 20
  ) {
    precondition(side > 0 && pixels > 0 && ancillaryBytes > 0 && fileBytes > 0 && inflatedBytes >= 0, "limits are positive")
    self.side = side
    self.pixels = pixels
    self.ancillaryBytes = ancillaryBytes
    self.fileBytes = fileBytes
    self.inflatedBytes = inflatedBytes
  }
}
