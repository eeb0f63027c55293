import Cohorts
import Engine
import Files

/// The images that statistics are taken of, in content-hash order, loaded a range at a time, as often as the memory budget makes
/// it necessary.
package struct StatisticsImages {
  /// What identifies one of them.
  package struct Scan: Hashable, Sendable {
    package let id: ScanID
    package let patient: PatientID
    package let contentHash: ContentHash

    package init(id: ScanID, patient: PatientID, contentHash: ContentHash) {
      self.id = id
      self.patient = patient
      self.contentHash = contentHash
    }
  }

  /// The readable images of a range; none of them may be readable.
  package struct Loaded {
    package let scans: [Scan]
    /// One image per scan; nil without scans.
    package let maps: FeatureMaps?

    package init(scans: [Scan], maps: FeatureMaps?) {
      precondition(scans.count == maps?.count ?? 0, "\(scans.count) scans beside \(maps?.count ?? 0) images")
      self.scans = scans
      self.maps = maps
    }
  }

  /// How many are listed, readable or not.
  package let listed: Int
  /// Loads a range; asked twice, it must give the same.
  package let load: (Range<Int>) throws -> Loaded

  package init(listed: Int, load: @escaping (Range<Int>) throws -> Loaded) {
    self.listed = listed
    self.load = load
  }

  /// Images at hand, sorted here.
  package init(_ maps: FeatureMaps, scans: [Scan]) {
    let order = scans.indices.sorted { (scans[$0].contentHash, $0) < (scans[$1].contentHash, $1) }
    self.init(listed: scans.count) { range in
      Loaded(scans: order[range].map { scans[$0] }, maps: maps.items(at: Array(order[range])))
    }
  }

  /// Consecutive ranges of about equal size, none larger than `size`.
  package func chunks(atMost size: Int) -> [Range<Int>] {
    guard listed > 0 else { return [] }
    let pieces = (listed + size - 1) / size
    return (0..<pieces).map { ($0 * listed / pieces)..<(($0 + 1) * listed / pieces) }
  }
}
