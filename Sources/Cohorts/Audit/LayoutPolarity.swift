/// Which scans of one scanner are bright where most of it are dark.
///
/// Layouts are coarse ranks of brightness with length 1. Their first principal direction (of second moments, not centred) is what they
/// share up to sign; an inverted scan has the opposite sign. Where less than four of five scans have a clear part in it, they have no
/// common layout and nothing is said.
struct LayoutPolarity {
  static let clear: Float = 0.5
  private static let sharing = 0.8

  /// Of each scan with the majority, −1 to 1.
  let agreement: [Float]

  init?(_ layouts: [[Float]]) {
    guard let first = layouts.first else { return nil }
    // The whole, unless halves cancel.
    var direction = layouts.reduce([Float](repeating: 0, count: first.count)) { zip($0, $1).map { $0 + $1 } }
    if direction.reduce(0, { $0 + $1 * $1 }).squareRoot() < 0.1 * Float(layouts.count) { direction = first }
    for _ in 0..<30 {
      var next = [Float](repeating: 0, count: first.count)
      for layout in layouts {
        let part = Self.product(layout, direction)
        for index in next.indices { next[index] += part * layout[index] }
      }
      let length = Self.product(next, next).squareRoot()
      guard length > 0 else { return nil }
      direction = next.map { $0 / length }
    }
    let parts = layouts.map { Self.product($0, direction) }
    guard Double(parts.count { abs($0) >= Self.clear }) >= Self.sharing * Double(parts.count) else { return nil }
    let against = parts.count { $0 < 0 }
    agreement = 2 * against > parts.count ? parts.map { -$0 } : parts
  }

  private static func product(_ one: [Float], _ other: [Float]) -> Float { zip(one, other).reduce(0) { $0 + $1.0 * $1.1 } }
}
