import Cohorts
import Normalization

/// A scanner's diagnosis in short: how far it is from what the model expects, where in depth that starts, and how far its features lie from
/// a reference scanner's.
public struct MismatchSummary: Hashable, Sendable, Codable {
  /// The symmetric KL at one layer, averaged over channels, and what chance alone makes.
  public struct Layer: Hashable, Sendable, Codable {
    public let name: String
    public let mismatch: Double
    public let chance: Double?
  }

  public let scanner: String
  public let patients: Int
  /// "the model's stored statistics", or the reference scanner.
  public let reference: String
  /// In the order data meets them.
  public let layers: [Layer]
  /// Those that differ by more than chance, for all layers together.
  public let layersBeyondChance: Int
  public let finding: String
  public let suggestion: String
  /// Relative to the features' variance; nil without a reference scanner.
  public let frechet: Double?
  /// 0 to 2; nil without a reference scanner.
  public let proxyA: Double?

  public init(_ diagnosis: ScannerDiagnosis) {
    let report = diagnosis.againstReference ?? diagnosis.stored
    scanner = diagnosis.scanner.rawValue
    patients = diagnosis.patients
    reference =
      switch report.reference {
      case .storedStatistics: "the model's stored statistics"
      case .scanner(let scanner): "scanner \(scanner.rawValue)"
      }
    layers = report.layers.map {
      Layer(name: $0.layer, mismatch: $0[.symmetricKL].average, chance: $0[.symmetricKL].nullBand)
    }
    layersBeyondChance = report.layersBeyondChance().count
    finding = diagnosis.conclusion.finding
    suggestion = diagnosis.conclusion.suggestion
    frechet = diagnosis.distance?.frechet?.relative
    proxyA = diagnosis.distance?.proxyA?.distance
  }
}
