import Engine

/// The images that statistics are taken of, in content-hash order, loaded a range at a time, as often as the memory budget makes
/// it necessary.
package struct StatisticsImages {
  /// Names for errors, one per image.
  package let names: [String]
  package let load: (Range<Int>) throws -> FeatureMaps

  package init(names: [String], load: @escaping (Range<Int>) throws -> FeatureMaps) {
    self.names = names
    self.load = load
  }

  package var count: Int { names.count }

  /// Consecutive ranges of about equal size, none larger than `size`.
  package func chunks(atMost size: Int) -> [Range<Int>] {
    guard count > 0 else { return [] }
    let pieces = (count + size - 1) / size
    return (0..<pieces).map { ($0 * count / pieces)..<(($0 + 1) * count / pieces) }
  }
}
