import Normalization

/// What a scanner's features show of it beside a model's stored statistics: whether there is anything that new statistics could repair.
public struct ScannerEvidence: Hashable, Codable, Sendable {
  /// Mean symmetric KL at the first normalization, where no class and no other statistic has a say yet; its family-wise p-value, nil with too
  /// few patients.
  public let shallowMismatch: Double
  public let shallowPValue: Double?
  /// The largest mean symmetric KL of a layer.
  public let largestMismatch: Double
  public let layersBeyondChance: Int
  public let layers: Int

  public init(_ report: MismatchReport) {
    let measures = report.layers.map { $0[.symmetricKL].average }
    shallowMismatch = measures.first ?? 0
    shallowPValue = report.layers.first?.familyWisePValue
    largestMismatch = measures.max() ?? 0
    layersBeyondChance = report.layersBeyondChance().count
    layers = measures.count
  }
}
