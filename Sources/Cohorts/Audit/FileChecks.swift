import Imaging

/// What is wrong with files, each one looked at and judged by what its own scanner usually makes.
struct FileChecks {
  let findings: [AuditFinding]

  /// Scans a scanner needs before one of them can be unusual.
  static let leastScans = 8

  init(_ facts: [ScanFacts], _ failures: [ScanFailure], _ notes: ManifestNotes) {
    var found: [AuditFinding] = []
    if !failures.isEmpty { found.append(AuditFinding(.unreadable, .warning, scans: failures.map { ScanID($0.path) })) }
    let blank = facts.filter(\.survey.isBlank).map(\.record)
    if !blank.isEmpty { found.append(AuditFinding(.blank, .warning, of: blank)) }
    for (scanner, scans) in Dictionary(grouping: facts, by: \.record.scanner).sorted(by: { $0.key < $1.key }) {
      found += Self.findings(of: scanner, scans.filter { !$0.survey.isBlank })
    }
    let damaged = facts.filter { $0.warning != nil }.map(\.record)
    if !damaged.isEmpty { found.append(AuditFinding(.damagedButRead, .note, of: damaged)) }
    if notes.filesWithoutRows > 0 {
      found.append(
        AuditFinding(
          .filesWithoutRows, .note, scans: notes.examplesOfFilesWithoutRows.map { ScanID($0) }, scanCount: notes.filesWithoutRows))
    }
    findings = found
  }

  private static func findings(of scanner: ScannerID, _ scans: [ScanFacts]) -> [AuditFinding] {
    [mixedFormats, inverted, saturated, rangeOutliers, constantBorders].compactMap { $0(scanner.rawValue, scans) }
  }

  /// Several formats from one scanner; those listed are not in the usual one.
  private static func mixedFormats(_ scanner: String, _ scans: [ScanFacts]) -> AuditFinding? {
    let formats = Dictionary(grouping: scans, by: \.survey.format)
      .sorted { ($0.value.count, $1.key) > ($1.value.count, $0.key) }
    guard formats.count > 1 else { return nil }
    return AuditFinding(
      .mixedFormats, .warning, subject: scanner, of: formats.dropFirst().flatMap(\.value).map(\.record),
      numbers: formats.map { .init($0.key, Double($0.value.count)) })
  }

  private static func inverted(_ scanner: String, _ scans: [ScanFacts]) -> AuditFinding? {
    guard scans.count >= leastScans, let polarity = LayoutPolarity(scans.map(\.layout)) else { return nil }
    let against = scans.indices.filter { polarity.agreement[$0] <= -LayoutPolarity.clear }
    guard !against.isEmpty else { return nil }
    return AuditFinding(
      .inverted, .warning, subject: scanner, of: against.map { scans[$0].record }, numbers: [.init("of", Double(scans.count))])
  }

  /// A tenth of the pixels more at the largest value than the scanner's median scan has; only a note where more than one scan in twenty does.
  private static func saturated(_ scanner: String, _ scans: [ScanFacts]) -> AuditFinding? {
    guard scans.count >= leastScans else { return nil }
    let usual = median(scans.map(\.survey.shareAtMaximum))
    let burnt = scans.filter { $0.survey.shareAtMaximum >= usual + 0.1 }
    guard !burnt.isEmpty else { return nil }
    return AuditFinding(
      .saturated, 20 * burnt.count <= scans.count ? .warning : .note, subject: scanner, of: burnt.map(\.record),
      numbers: [
        .init("of", Double(scans.count)), .init("largest share at maximum", burnt.map(\.survey.shareAtMaximum).max()!),
        .init("usual share", usual),
      ])
  }

  /// Three bits fewer in use, or three more, than the scanner's median scan: an eighth of the range, as after another scaling.
  private static func rangeOutliers(_ scanner: String, _ scans: [ScanFacts]) -> AuditFinding? {
    guard scans.count >= leastScans else { return nil }
    let usual = median(scans.map { Double($0.survey.bitsInUse) })
    let odd = scans.filter { abs(Double($0.survey.bitsInUse) - usual) >= 3 }
    guard !odd.isEmpty else { return nil }
    return AuditFinding(
      .rangeOutliers, .warning, subject: scanner, of: odd.map(\.record),
      numbers: [
        .init("fewest bits in use", Double(odd.map(\.survey.bitsInUse).min()!)), .init("most", Double(odd.map(\.survey.bitsInUse).max()!)),
        .init("usual", usual),
      ])
  }

  private static func constantBorders(_ scanner: String, _ scans: [ScanFacts]) -> AuditFinding? {
    let bordered = scans.filter(\.survey.hasWideBorder)
    guard !bordered.isEmpty else { return nil }
    return AuditFinding(
      .constantBorders, .note, subject: scanner, of: bordered.map(\.record),
      numbers: [.init("of", Double(scans.count)), .init("largest share of the area", bordered.map(\.survey.borderShare).max()!)])
  }

  private static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}

extension SampleSurvey {
  /// Constant edges of a tenth of the area or more: padding, or a collimator.
  var hasWideBorder: Bool { borderShare >= 0.1 }
}
