/// Which part of a plan's folds is used, so that the ledger holds no use that never was.
public struct FoldScope: Hashable, Sendable {
  /// Where one scanner or site is left out: only folds that test a scan of these; nil makes all.
  public var testedScanners: Set<ScannerID>?
  /// Training sets hold scans of these only; nil: of every scanner.
  public var fittedScanners: Set<ScannerID>?

  public init(testedScanners: Set<ScannerID>? = nil, fittedScanners: Set<ScannerID>? = nil) {
    self.testedScanners = testedScanners
    self.fittedScanners = fittedScanners
  }

  func mayFit(_ record: ScanRecord) -> Bool { fittedScanners?.contains(record.scanner) ?? true }
  func tests(_ records: [ScanRecord]) -> Bool { testedScanners.map { tested in records.contains { tested.contains($0.scanner) } } ?? true }
}
