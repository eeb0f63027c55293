import Normalization

/// What a strategy keeps for each scanner: statistics always, gamma and beta shared or its own.
public struct PerScannerNormalization: Hashable, Sendable, Codable {
  public var ownsAffine: Bool
  /// For scanners that no pack is made for.
  public var unknownScanner: UnknownScannerPolicy

  public init(ownsAffine: Bool, unknownScanner: UnknownScannerPolicy) {
    self.ownsAffine = ownsAffine
    self.unknownScanner = unknownScanner
  }
}
