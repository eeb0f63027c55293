import Engine

/// Moments merged scan by scan in the order given, which is content-hash order.
struct MomentSum {
  private(set) var moments: [String: ChannelMoments] = [:]

  /// Adds each scan's moments at a node.
  /// - Throws: `RecalibrationError.nonFinite` for a scan whose features aren't numbers.
  mutating func add(_ perScan: [ChannelMoments], at node: String, of scans: [StatisticsImages.Scan]) throws {
    precondition(perScan.count == scans.count, "moments of \(perScan.count) images for \(scans.count) scans")
    for (scan, found) in zip(scans, perScan) {
      guard found.mean.allSatisfy(\.isFinite), found.m2.allSatisfy(\.isFinite) else {
        throw RecalibrationError.nonFinite(layer: node, scan: scan.id.rawValue)
      }
      moments[node, default: ChannelMoments(channels: found.channels)].merge(found)
    }
  }
}
