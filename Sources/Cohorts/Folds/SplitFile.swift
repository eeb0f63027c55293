import Files
import Foundation

/// Folds that a file names: nnU-Net's `splits_final.json`, a list of `{"train": [ids], "val": [ids]}`. What it calls val is scored.
public struct SplitFile: Hashable, Sendable {
  /// One fold's ids, as written.
  public struct Fold: Hashable, Sendable, Codable {
    public var train: [String]
    public var val: [String]
  }

  public let path: String
  public let folds: [Fold]

  public init(_ path: String) throws(SplitFileError) {
    self.path = path
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try FileContents.read(path, limitBytes: 1 << 28)
    } catch {
      throw .file(error)
    }
    guard let folds = try? JSONDecoder().decode([Fold].self, from: Data(bytes)) else { throw .malformed(path: path) }
    guard !folds.isEmpty else { throw .noFolds(path: path) }
    self.folds = folds
  }

  /// The scans that the ids name, fold by fold.
  ///
  /// All ids of a file are names of one kind, and the first kind that they all are is taken: a scan's id; its path without `.png`; its
  /// file's name; that without `.png`; that without nnU-Net's channel (`_0000`); a patient.
  /// - Throws: where an id names nothing. In a cohort that filters or missing files made smaller, such ids are left out instead.
  public func scans(in cohort: Cohort) throws(SplitFileError) -> [ScanSplit] {
    let ids = Set(folds.flatMap { $0.train + $0.val })
    var best: (found: Int, scans: [String: [ScanID]]) = (-1, [:])
    for naming in Naming.allCases {
      guard let scans = naming.scans(of: cohort.records) else { continue }
      let found = ids.count { scans[$0] != nil }
      if found > best.found { best = (found, scans) }
    }
    let isPartial = cohort.notes.rowsFilteredOut > 0 || !cohort.unavailable.isEmpty
    var splits: [ScanSplit] = []
    for (index, fold) in folds.enumerated() {
      for id in fold.train + fold.val where best.scans[id] == nil && !isPartial {
        throw .unknownID(id, fold: index, path: path, source: cohort.source)
      }
      func scans(_ ids: [String]) -> [ScanID] { Set(ids.flatMap { best.scans[$0] ?? [] }).sorted() }
      splits.append(ScanSplit(name: "\(index)", training: scans(fold.train), test: scans(fold.val)))
    }
    return splits
  }

  private enum Naming: CaseIterable {
    case scan, pathStem, fileName, fileStem, caseOfChannels, patient

    /// nil where two scans would bear one name that should be one scan's.
    func scans(of records: [ScanRecord]) -> [String: [ScanID]]? {
      var scans: [String: [ScanID]] = [:]
      for record in records { scans[name(of: record), default: []].append(record.id) }
      let mayBeSeveral = self == .caseOfChannels || self == .patient
      return mayBeSeveral || scans.values.allSatisfy { $0.count == 1 } ? scans : nil
    }

    private func name(of record: ScanRecord) -> String {
      let path = record.path
      let file = path.split(separator: "/").last.map(String.init) ?? path
      switch self {
      case .scan: return record.id.rawValue
      case .pathStem: return withoutExtension(path)
      case .fileName: return file
      case .fileStem: return withoutExtension(file)
      case .caseOfChannels: return withoutChannel(withoutExtension(file))
      case .patient: return record.declaredPatient.rawValue
      }
    }

    private func withoutExtension(_ name: String) -> String { isScanFile(name) ? String(name.dropLast(4)) : name }

    private func withoutChannel(_ stem: String) -> String {
      let channel = stem.suffix(5)
      return channel.count == 5 && channel.first == "_" && channel.dropFirst().allSatisfy { $0.isASCII && $0.isNumber }
        ? String(stem.dropLast(5)) : stem
    }
  }
}

/// One fold as scans by id: what may be fitted on, and what is scored. Scans in neither take no part.
public struct ScanSplit: Hashable, Sendable, Codable {
  public let name: String
  public let training: [ScanID]
  public let test: [ScanID]

  public init(name: String, training: [ScanID], test: [ScanID]) {
    self.name = name
    self.training = training
    self.test = test
  }
}

/// Why a file of folds can't be used.
public enum SplitFileError: Error, Hashable, Sendable, CustomStringConvertible {
  case file(FileError)
  case malformed(path: String)
  case noFolds(path: String)
  case unknownID(String, fold: Int, path: String, source: String)

  public var description: String {
    switch self {
    case .file(let error): error.description
    case .malformed(let path): "\(path): expected nnU-Net's splits, a JSON list of {\"train\": [ids], \"val\": [ids]}"
    case .noFolds(let path): "\(path): found no fold; expected at least one"
    case .unknownID(let id, let fold, let path, let source):
      "\(path): '\(id)' in fold \(fold) names neither a scan nor a patient of \(source)"
    }
  }
}
