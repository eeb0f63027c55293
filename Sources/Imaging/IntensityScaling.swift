/// How stored samples become the numbers a network sees, before its mean and standard deviation.
public enum IntensityScaling: Hashable, Sendable, CustomStringConvertible {
  /// sample / (2^bitDepth − 1).
  case unitRange
  /// (sample − mean) / standard deviation of this scan's own pixels (biased), after resizing and cropping.
  case zScore
  /// This scan's lower and upper percentiles (0…100, interpolated linearly as numpy's, after resizing and cropping) become 0
  /// and 1; values outside are clamped.
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

  var isOrdered: Bool {
    switch self {
    case .unitRange, .zScore: true
    case .percentileWindow(let lower, let upper): 0 <= lower && lower < upper && upper <= 100
    case .window(let low, let high): low < high && low.isFinite && high.isFinite
    }
  }
}

/// (x − shift) / divisor, then clamped to 0…1 where the scaling is a window. The statistics are taken over all channels together.
struct IntensityMap {
  let shift: Float
  let divisor: Float
  let clamps: Bool

  init(_ scaling: IntensityScaling, of planes: [Plane], fullScale: Float) throws(PixelError) {
    switch scaling {
    case .unitRange: (shift, divisor, clamps) = (0, fullScale, false)
    case .window(let low, let high): (shift, divisor, clamps) = (Float(low), Float(high - low), true)
    case .zScore:
      let count = Double(planes.reduce(0) { $0 + $1.values.count })
      let mean = planes.reduce(0) { $1.values.reduce($0) { $0 + Double($1) } } / count
      let squares = planes.reduce(0) { $1.values.reduce($0) { $0 + (Double($1) - mean) * (Double($1) - mean) } }
      (shift, divisor, clamps) = (Float(mean), Float((squares / count).squareRoot()), false)
    case .percentileWindow(let lower, let upper):
      let sorted = planes.flatMap(\.values).sorted()
      let low = IntensityMap.percentile(lower, of: sorted)
      (shift, divisor, clamps) = (low, IntensityMap.percentile(upper, of: sorted) - low, true)
    }
    guard divisor > 0 else { throw .constantImage(value: shift, scaling: scaling) }
  }

  private static func percentile(_ percentile: Double, of sorted: [Float]) -> Float {
    let position = percentile / 100 * Double(sorted.count - 1)
    let below = Int(position)
    let above = min(below + 1, sorted.count - 1)
    return Float(Double(sorted[below]) + (Double(sorted[above]) - Double(sorted[below])) * (position - Double(below)))
  }
}
