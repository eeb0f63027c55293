/// How a resized pixel is made from source pixels; the weights are Pillow's.
public enum ResamplingFilter: String, Codable, Hashable, Sendable, CaseIterable, CustomStringConvertible {
  /// A triangle, widened when shrinking so that no source pixel is skipped (antialiased): Pillow's BILINEAR.
  case bilinear
  /// The plain mean of the source pixels whose centres fall in the new pixel: Pillow's BOX.
  case area

  public var description: String { rawValue }
}
