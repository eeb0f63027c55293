import Cohorts
import Engine
import Files

/// What the layers saw of one scanner's scans, patient by patient: pooled moments of each observed layer's input.
///
/// Patients, not scans, are the unit of every comparison: scans of one patient resemble each other.
public struct PatientMoments: Sendable {
  /// Sorted.
  public let patients: [PatientID]
  /// In the order data meets them.
  public let layers: [String]
  public let scanCount: Int
  /// By layer, then patient.
  private let moments: [[ChannelMoments]]

  /// - Parameters:
  ///   - layers: the observed layers.
  ///   - scans: each scan's patient and its moments at each layer; merged within a patient in content-hash order.
  package init(layers: [String], scans: [(patient: PatientID, contentHash: ContentHash, moments: [ChannelMoments])]) {
    let groups = Dictionary(grouping: scans, by: \.patient)
    patients = groups.keys.sorted()
    self.layers = layers
    scanCount = scans.count
    moments = layers.indices.map { layer in
      groups.sorted { $0.key < $1.key }.map { _, scans in
        MomentPooling.pooled(scans.map { ScanMoments(contentHash: $0.contentHash, moments: $0.moments[layer]) })!
      }
    }
  }

  /// Already pooled by patient: `moments[layer][patient]`.
  package init(layers: [String], patients: [PatientID], scanCount: Int, moments: [[ChannelMoments]]) {
    precondition(patients == patients.sorted() && moments.allSatisfy { $0.count == patients.count }, "moments of sorted patients")
    self.layers = layers
    self.patients = patients
    self.scanCount = scanCount
    self.moments = moments
  }

  /// One patient's moments at a layer, both by number.
  package func moments(layer: Int, patient: Int) -> ChannelMoments { moments[layer][patient] }

  /// All patients' moments at each layer, in the order of `layers`.
  public var pooled: [ChannelMoments] { moments.map { ChannelMoments.merged($0)! } }

  package func pooled(layer: Int) -> ChannelMoments { ChannelMoments.merged(moments[layer])! }
}
