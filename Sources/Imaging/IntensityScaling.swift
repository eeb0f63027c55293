/// How stored samples become the numbers a network sees, before its mean and standard deviation.
public enum IntensityScaling: Codable, Hashable, Sendable, CustomStringConvertible {
  /// sample / (2^bitDepth − 1).
  case unitRange
  /// (sample − mean) / standard deviation of this scan's own pixels (biased), after resizing and cropping.
  case zScore
  /// This scan's lower and upper percentiles (0…100, after resizing and cropping) become 0 and 1; values outside are clamped.
  case percentileWindow(lower: Double, upper: Double)
  /// Stored values `low` and `high` become 0 and 1; values outside are clamped.
  case window(low: Double, high: Double)

  public var description: String {
    switch self {
    case .unitRange: "unit"
    case .zScore: "zscore"
    case .percentileWindow(let lower, let upper): "percentile:\(lower),\(upper)"
    case .window(let low, let high): "window:\(low),\(high)"
    }
  }
}
