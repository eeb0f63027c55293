import Cohorts

/// The labels of a cohort against those of a model: which class index each stands for, and what doesn't fit.
///
/// Index order is the model's and is never sorted or guessed.
public struct LabelVocabulary: Hashable, Sendable, Codable {
  /// In index order.
  public let labels: [String]

  /// - Throws: `LabelVocabularyError.duplicates` where a label is twice in the list.
  public init(_ labels: [String]) throws(LabelVocabularyError) {
    var seen: Set<String> = []
    let doubles = labels.filter { !seen.insert($0).inserted }
    guard doubles.isEmpty else { throw .duplicates(doubles) }
    self.labels = labels
  }

  /// The class index of a label; nil where the model doesn't have it.
  public func index(of label: String) -> Int? { labels.firstIndex(of: label) }

  /// Labels that no scan bears: not an error, but a line in the report.
  public func unused(by records: [ScanRecord]) -> [String] {
    let used = Set(records.flatMap { $0.label.map { [$0] } ?? $0.findings.filter(\.value).map(\.key) })
    return labels.filter { !used.contains($0) }
  }

  /// Labels of the scans that the model doesn't have, with the scans that bear them.
  public func strays(of records: [ScanRecord]) -> [LabelVocabularyError.Stray] {
    let known = Set(labels)
    let counts = Dictionary(records.flatMap(\.labels).filter { !known.contains($0) }.map { ($0, 1) }, uniquingKeysWith: +)
    return counts.sorted { $0.key < $1.key }.map { .init(label: $0.key, scans: $0.value) }
  }

  /// Each scan's class index; nil where it has no label.
  /// - Throws: `LabelVocabularyError.unknown` listing every label that the model doesn't have, with its scans.
  public func targets(of records: [ScanRecord]) throws(LabelVocabularyError) -> [Int?] {
    let strays = strays(of: records)
    guard strays.isEmpty else { throw .unknown(strays, known: labels) }
    let indices = Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($1, $0) })
    return records.map { $0.label.map { indices[$0]! } }
  }

  /// Each scan's findings in index order; nil where nobody looked.
  /// - Throws: `LabelVocabularyError.unknown` listing every finding that the model doesn't have, with its scans.
  public func findings(of records: [ScanRecord]) throws(LabelVocabularyError) -> [[Bool?]] {
    let strays = strays(of: records)
    guard strays.isEmpty else { throw .unknown(strays, known: labels) }
    return records.map { record in labels.map { record.findings[$0] } }
  }

  /// Labelled scans per class, in index order.
  func counts(of targets: [Int?]) -> [Int] {
    var counts = [Int](repeating: 0, count: labels.count)
    for case let target? in targets { counts[target] += 1 }
    return counts
  }
}

/// Labels that don't fit a model.
public enum LabelVocabularyError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A label of the cohort that the model doesn't have, and how many scans bear it.
  public struct Stray: Hashable, Sendable {
    public let label: String
    public let scans: Int
  }

  /// Labels of the cohort that the model doesn't have.
  case unknown([Stray], known: [String])
  case duplicates([String])
  /// A new head needs two labels or more.
  case tooFew([String])

  public var description: String {
    switch self {
    case .unknown(let strays, let known):
      "found labels the model doesn't have: \(strays.map { "'\($0.label)' (\($0.scans) scans)" }.joined(separator: ", ")); expected "
        + "\(Self.list(known)); name them as the model does (--map-label FOUND=MODEL), add them to its head (--head extend), train a new head "
        + "(--head new), or leave those scans out (--exclude label=…)"
    case .duplicates(let labels): "found labels twice: \(Self.list(labels)); expected each once"
    case .tooFew(let labels):
      "found \(labels.isEmpty ? "no label" : "only \(Self.list(labels))"); expected two labels or more for a new head"
    }
  }

  static func list(_ labels: [String]) -> String {
    labels.prefix(12).map { "'\($0)'" }.joined(separator: ", ") + (labels.count > 12 ? " and \(labels.count - 12) more" : "")
  }
}
