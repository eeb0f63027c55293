import Cohorts

/// How a scanner's features differ, layer by layer and channel by channel, from what the model expects or from another scanner's,
/// beside what chance alone would do.
public struct MismatchReport: Sendable, Codable, Hashable {
  /// What the target is compared with.
  public enum Reference: Hashable, Sendable, Codable {
    /// The running statistics in the model.
    case storedStatistics
    case scanner(ScannerID)
  }

  /// Where p-values come from.
  public enum Null: String, Hashable, Sendable, Codable {
    /// Patients permuted between the two scanners.
    case permutedPatients
    /// Random halves of the target's patients against each other: against stored statistics there is nothing to permute. Conservative,
    /// for halves differ more by chance than the whole does from a fixed reference.
    case patientHalves
  }

  public let reference: Reference
  public let target: ScannerID
  public let patients: Int
  public let scans: Int
  public let referencePatients: Int?
  public let null: Null
  /// Random divisions drawn.
  public let draws: Int
  /// In the order data meets them.
  public let layers: [LayerMismatch]

  /// Layers whose symmetric KL is beyond chance, in depth order: on a scanner that doesn't differ there is any with a probability of `rate`
  /// only, however many layers the network has.
  public func layersBeyondChance(at rate: Double = 0.05) -> [LayerMismatch] {
    layers.filter { layer in layer.familyWisePValue.map { $0 <= rate } ?? false }
  }
}

/// One layer's mismatch.
public struct LayerMismatch: Sendable, Codable, Hashable {
  /// One measure over the layer's channels.
  public struct Summary: Sendable, Codable, Hashable {
    public let measure: MismatchMeasure
    /// Each channel's value, signed where the measure is.
    public let channels: [Double]
    /// The mean magnitude over channels: what is compared with chance.
    public let average: Double
    /// The 95 % quantile of `average` between random halves of the target scanner's patients; nil with fewer than two patients.
    public let nullBand: Double?
    /// `(1 + count) / (1 + draws)`; nil where there are too few patients to draw from.
    public let pValue: Double?

    /// Channels by magnitude, largest first.
    public var worstChannels: [Int] {
      channels.indices.sorted { (abs(channels[$1]), $0) < (abs(channels[$0]), $1) }
    }
  }

  public let layer: String
  /// The layer's place among the normalizations, from 0 at the image.
  public let depth: Int
  /// In the order of `MismatchMeasure.allCases`.
  public let summaries: [Summary]
  /// Of the symmetric KL, for all layers together: the largest over layers is compared with the draws' largest (Westfall and Young 1993,
  /// single step), each layer's measured in its mean over the draws. Nil where there are too few patients to draw from.
  public let familyWisePValue: Double?
  /// Channels that never vary in the reference, and in the target: dead filters.
  public let constantInReference: [Int]
  public let constantInTarget: [Int]

  public subscript(measure: MismatchMeasure) -> Summary { summaries.first { $0.measure == measure }! }
}
