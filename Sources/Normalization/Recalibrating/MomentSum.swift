import Cohorts
import Engine

/// Moments merged scan by scan in the order given, which is content-hash order.
struct MomentSum {
  /// What is kept beside the pooled moments, until it is forgotten.
  enum Detail: Hashable, Sendable { case nothing, patients, scans, patientsAndScans }

  private(set) var moments: [String: ChannelMoments] = [:]
  private let detail: Detail
  private var patients: [String: [PatientID: ChannelMoments]] = [:]
  private var scans: [String: [ChannelMoments]] = [:]

  private var keepsPatients: Bool { detail == .patients || detail == .patientsAndScans }
  private var keepsScans: Bool { detail == .scans || detail == .patientsAndScans }

  init(keeping detail: Detail = .nothing) { self.detail = detail }

  /// Each patient's moments at a node, sorted by patient; nil where they aren't kept.
  func patients(at node: String) -> [ChannelMoments]? {
    keepsPatients ? patients[node]?.sorted { $0.key < $1.key }.map(\.value) : nil
  }

  /// Each scan's moments at a node, in the order they were added; nil where they aren't kept.
  func scans(at node: String) -> [ChannelMoments]? { keepsScans ? scans[node] : nil }

  /// Gives back the memory of details that no layer needs any more.
  mutating func forgetDetails(at node: String) {
    patients[node] = nil
    scans[node] = nil
  }

  /// Adds each scan's moments at a node.
  /// - Throws: `RecalibrationError.nonFinite` for a scan whose features aren't numbers.
  mutating func add(_ perScan: [ChannelMoments], at node: String, of records: [StatisticsImages.Scan]) throws {
    precondition(perScan.count == records.count, "moments of \(perScan.count) images for \(records.count) scans")
    for (scan, found) in zip(records, perScan) {
      guard found.mean.allSatisfy(\.isFinite), found.m2.allSatisfy(\.isFinite) else {
        throw RecalibrationError.nonFinite(layer: node, scan: scan.id.rawValue)
      }
      let nothing = ChannelMoments(channels: found.channels)
      moments[node, default: nothing].merge(found)
      if keepsPatients { patients[node, default: [:]][scan.patient, default: nothing].merge(found) }
      if keepsScans { scans[node, default: []].append(found) }
    }
  }
}
