import Files
import Synchronization

/// Which scan was used for what, in which fold: written by the makers of the scan roles, and by nobody else.
public final class Ledger: Sendable {
  /// What a scan was used for in a fold.
  public enum Use: String, Hashable, Comparable, Sendable, Codable, CaseIterable {
    case training, validation, test
    /// An inner fold's held-out scan, by which a candidate was chosen.
    case selection
    /// A test scan that statistics were taken from, without its label.
    case transductive
    /// All patients, for the model that is handed over.
    case fitting

    public static func < (left: Use, right: Use) -> Bool { left.rawValue < right.rawValue }
    var isFitted: Bool { self == .training || self == .validation || self == .selection || self == .fitting }
  }

  /// One scan's use in one fold.
  public struct Entry: Hashable, Sendable, Codable {
    public let fold: FoldName
    public let use: Use
    public let scan: ScanID
    public let patient: PatientID
    public let scanner: ScannerID

    package init(fold: FoldName, use: Use, scan: ScanID, patient: PatientID, scanner: ScannerID) {
      self.fold = fold
      self.use = use
      self.scan = scan
      self.patient = patient
      self.scanner = scanner
    }
  }

  /// A patient fitted on and tested in one fold, its inner folds included; or fitted on and chosen by in one inner fold. There is no
  /// lawful way to make one.
  public struct Leak: Hashable, Sendable {
    public let fold: FoldName
    public let patient: PatientID

    public init(fold: FoldName, patient: PatientID) {
      self.fold = fold
      self.patient = patient
    }
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

  /// What stands under an outer fold, its inner folds included: for a record that is kept and taken up again.
  package func entries(ofOuter fold: FoldName) -> [Entry] { entries.filter { $0.fold.outer == fold } }

  /// Puts what another process wrote in the place of what stands under the outer fold.
  package func replace(outer fold: FoldName, by entries: [Entry]) {
    state.withLock { state in
      for key in state.uses.keys where key.fold.outer == fold { state.uses[key] = nil }
      for entry in entries where entry.fold.outer == fold {
        let record = ScanRecord(id: entry.scan, patient: entry.patient, scanner: entry.scanner, path: entry.scan.rawValue, absolutePath: "")
        state.add([record], in: entry.fold, as: entry.use)
        if entry.use == .validation { state.divided.insert(entry.fold) }
      }
    }
  }

  /// Sorted by fold, then patient; empty in every lawful run. Transductive use is no leak: it is labelled everywhere.
  public func leaks() -> [Leak] {
    let snapshot = state.withLock { $0.uses }
    var fitted: [FoldName: Set<PatientID>] = [:]
    var judging: [FoldName: Set<PatientID>] = [:]
    for (key, records) in snapshot {
      let patients = records.values.map(\.patient)
      if key.use.isFitted { fitted[key.fold.outer, default: []].formUnion(patients) }
      if key.use == .test { judging[key.fold, default: []].formUnion(patients) }
      if key.fold.inner != nil {
        if key.use == .selection {
          judging[key.fold, default: []].formUnion(patients)
        } else if key.use.isFitted {
          fitted[key.fold, default: []].formUnion(patients)
        }
      }
    }
    return judging.keys.sorted().flatMap { fold in
      fitted[fold, default: []].intersection(judging[fold, default: []]).sorted().map { Leak(fold: fold, patient: $0) }
    }
  }

  public static let formatVersion = 2

  /// `ledger.csv`: format, protocol, repetition (from 1), fold, inner_fold (empty for the fold itself), use, scanner, scan, patient; scans
  /// and patients as pseudonyms.
  public func csv(_ pseudonyms: Pseudonyms) -> String {
    var text = "format,protocol,repetition,fold,inner_fold,use,scanner,scan,patient\n"
    for entry in entries {
      let cells = [
        "\(Self.formatVersion)", entry.fold.protocolName, "\(entry.fold.repetition + 1)", entry.fold.fold, entry.fold.inner ?? "",
        entry.use.rawValue, entry.scanner.rawValue, pseudonyms.scan(entry.scan), pseudonyms.patient(entry.patient),
      ]
      text += cells.map(csvCell).joined(separator: ",") + "\n"
    }
    return text
  }

  public func write(to path: String, pseudonyms: Pseudonyms) throws(FileError) {
    try AtomicFile.write(csv(pseudonyms), to: path)
  }
}
