import Files
import Synchronization

/// Which scan was used for what, in which fold: written by the makers of the scan roles, and by nobody else.
public final class Ledger: Sendable {
  /// What a scan was used for in a fold.
  public enum Use: String, Hashable, Comparable, Sendable, Codable, CaseIterable {
    case training, validation, test
    /// A test scan that statistics were taken from, without its label.
    case transductive
    /// All patients, for the model that is handed over.
    case fitting

    public static func < (left: Use, right: Use) -> Bool { left.rawValue < right.rawValue }
    var isFitted: Bool { self == .training || self == .validation || self == .fitting }
  }

  /// One scan's use in one fold.
  public struct Entry: Hashable, Sendable {
    public let fold: FoldName
    public let use: Use
    public let scan: ScanID
    public let patient: PatientID
    public let scanner: ScannerID
  }

  /// A patient fitted on and tested in one fold. There is no lawful way to make one.
  public struct Leak: Hashable, Sendable {
    public let fold: FoldName
    public let patient: PatientID
  }

  private struct Key: Hashable {
    let fold: FoldName
    let use: Use
  }

  private struct State {
    var uses: [Key: [ScanID: ScanRecord]] = [:]
    /// Folds whose training scans were divided; what was divided is no longer recorded whole.
    var divided: Set<FoldName> = []

    mutating func add(_ records: [ScanRecord], in fold: FoldName, as use: Use) {
      uses[Key(fold: fold, use: use), default: [:]].merge(records.lazy.map { ($0.id, $0) }) { first, _ in first }
    }
  }

  private let state = Mutex(State())

  public init() {}

  func record(_ records: [ScanRecord], in fold: FoldName, as use: Use) {
    state.withLock {
      if use == .training, $0.divided.contains(fold) { return }
      $0.add(records, in: fold, as: use)
    }
  }

  /// A validation split turned some of a fold's training scans into validation scans. Several splits of one fold add up.
  func recordDivision(of whole: [ScanRecord], training: [ScanRecord], validation: [ScanRecord], in fold: FoldName) {
    state.withLock {
      if $0.divided.insert(fold).inserted {
        for record in whole { $0.uses[Key(fold: fold, use: .training)]?[record.id] = nil }
      }
      $0.add(training, in: fold, as: .training)
      $0.add(validation, in: fold, as: .validation)
    }
  }

  /// Sorted by fold, use and scan, whatever the order in which they were made.
  public var entries: [Entry] {
    let snapshot = state.withLock { $0.uses }
    return snapshot.sorted { ($0.key.fold, $0.key.use) < ($1.key.fold, $1.key.use) }.flatMap { key, records in
      records.values.sorted { $0.id < $1.id }.map {
        Entry(fold: key.fold, use: key.use, scan: $0.id, patient: $0.patient, scanner: $0.scanner)
      }
    }
  }

  /// Sorted by fold, then patient; empty in every lawful run. Transductive use is no leak: it is labelled everywhere.
  public func leaks() -> [Leak] {
    let snapshot = state.withLock { $0.uses }
    var fitted: [FoldName: Set<PatientID>] = [:]
    var tested: [FoldName: Set<PatientID>] = [:]
    for (key, records) in snapshot {
      if key.use.isFitted { fitted[key.fold, default: []].formUnion(records.values.map(\.patient)) }
      if key.use == .test { tested[key.fold, default: []].formUnion(records.values.map(\.patient)) }
    }
    return tested.keys.sorted().flatMap { fold in
      fitted[fold, default: []].intersection(tested[fold, default: []]).sorted().map { Leak(fold: fold, patient: $0) }
    }
  }

  public static let formatVersion = 1

  /// `ledger.csv`: format, protocol, repetition (from 1), fold, use, scanner, scan, patient; scans and patients as pseudonyms.
  public func csv(_ pseudonyms: Pseudonyms) -> String {
    var text = "format,protocol,repetition,fold,use,scanner,scan,patient\n"
    for entry in entries {
      let cells = [
        "\(Self.formatVersion)", entry.fold.protocolName, "\(entry.fold.repetition + 1)", entry.fold.fold, entry.use.rawValue,
        entry.scanner.rawValue, pseudonyms.scan(entry.scan), pseudonyms.patient(entry.patient),
      ]
      text += cells.map(csvCell).joined(separator: ",") + "\n"
    }
    return text
  }

  public func write(to path: String, pseudonyms: Pseudonyms) throws(FileError) {
    try AtomicFile.write(csv(pseudonyms), to: path)
  }
}
