import Cohorts

/// One fold's scans of one use, as a fold's record keeps them: what was written to the ledger while it was fitted and scored.
public struct LedgerPage: Hashable, Codable, Sendable {
  public var fold: FoldName
  public var use: Ledger.Use
  /// Three columns of one table.
  public var scans: [ScanID]
  public var patients: [PatientID]
  public var scanners: [ScannerID]

  init(fold: FoldName, use: Ledger.Use, _ entries: [Ledger.Entry]) {
    self.fold = fold
    self.use = use
    scans = entries.map(\.scan)
    patients = entries.map(\.patient)
    scanners = entries.map(\.scanner)
  }

  var entries: [Ledger.Entry] {
    zip(zip(scans, patients), scanners).map { Ledger.Entry(fold: fold, use: use, scan: $0.0, patient: $0.1, scanner: $1) }
  }
}

extension Ledger {
  private struct Key: Hashable {
    let fold: FoldName
    let use: Use
  }

  /// An outer fold's pages, its inner folds' included, in the ledger's order.
  func pages(ofOuter fold: FoldName) -> [LedgerPage] {
    let grouped = Dictionary(grouping: entries(ofOuter: fold)) { Key(fold: $0.fold, use: $0.use) }
    return grouped.sorted { ($0.key.fold, $0.key.use) < ($1.key.fold, $1.key.use) }.map {
      LedgerPage(fold: $0.key.fold, use: $0.key.use, $0.value)
    }
  }

  func take<Answer>(_ record: FoldAnswers<Answer>) { replace(outer: record.fold, by: record.ledger.flatMap(\.entries)) }
}
