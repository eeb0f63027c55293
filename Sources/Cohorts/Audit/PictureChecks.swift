import Files
import Imaging

/// The same picture twice: equal pixels, and near duplicates.
struct PictureChecks {
  let findings: [AuditFinding]

  init(_ facts: [ScanFacts], _ store: SignatureStore, _ settings: AuditSettings) {
    let copies = Dictionary(grouping: facts.indices.filter { !facts[$0].survey.isBlank }) { facts[$0].pixels }.values
      .filter { $0.count > 1 }.sorted { $0[0] < $1[0] }
    let near = Self.nearDuplicates(facts, store, settings)
    findings =
      [Self.samePixels(facts, copies)].compactMap { $0 } + near + Self.withinPatients(facts, copies)
      + [Self.unsearched(facts)].compactMap { $0 }
  }

  private static func samePixels(_ facts: [ScanFacts], _ copies: [[Int]]) -> AuditFinding? {
    let across = copies.filter { Set($0.map { facts[$0].record.patient }).count > 1 }
    guard !across.isEmpty else { return nil }
    let scans = across.joined().map { facts[$0].record }
    return AuditFinding(
      .samePixels, .leak, scans: scans.map(\.id), patients: Set(scans.map(\.patient)).sorted(),
      groups: across.map { Set($0.map { facts[$0].record.patient }).sorted() },
      numbers: [
        .init("pictures", Double(across.count)), .init("pictures in several splits", Double(across.count { straddles($0, facts) })),
      ])
  }

  private static func straddles(_ scans: [Int], _ facts: [ScanFacts]) -> Bool {
    Set(scans.compactMap { facts[$0].record.split.map(NameVariants.plain) }).count > 1
  }

  private static func withinPatients(_ facts: [ScanFacts], _ copies: [[Int]]) -> [AuditFinding] {
    let repeated = copies.filter { Set($0.map { facts[$0].record.patient }).count < $0.count }
    let conflicting = copies.filter { disagree($0.map { facts[$0].record }) }
    var found: [AuditFinding] = []
    if !conflicting.isEmpty {
      found.append(
        AuditFinding(
          .labelConflict, .warning, of: conflicting.joined().map { facts[$0].record },
          numbers: [.init("pictures", Double(conflicting.count))]))
    }
    if !repeated.isEmpty {
      found.append(
        AuditFinding(
          .repeatedScans, .note, of: repeated.joined().map { facts[$0].record }, numbers: [.init("pictures", Double(repeated.count))]))
    }
    return found
  }

  /// About the class, or about a finding that both know.
  private static func disagree(_ records: [ScanRecord]) -> Bool {
    if Set(records.compactMap(\.label)).count > 1 { return true }
    return Set(records.flatMap(\.findings.keys)).contains { finding in Set(records.compactMap { $0.findings[finding] }).count > 1 }
  }

  private static func nearDuplicates(_ facts: [ScanFacts], _ store: SignatureStore, _ settings: AuditSettings) -> [AuditFinding] {
    var numberOfPatient: [PatientID: Int] = [:]
    let patients = facts.map { fact in
      numberOfPatient[fact.record.patient]
        ?? {
          numberOfPatient[fact.record.patient] = numberOfPatient.count
          return numberOfPatient.count - 1
        }()
    }
    let search = NearDuplicateSearch(store: store, patients: patients, threads: settings.threads)
    let paths = facts.map(\.record.absolutePath)
    let limits = settings.limits
    let pairs = NearDuplicateSearch.verified(search.candidates(), threads: settings.threads) { scan in
      guard let bytes = try? FileContents.read(paths[scan], limitBytes: limits.fileBytes) else { return nil }
      return try? PNGReader.decode(bytes: bytes, limits: limits).gray(.luminance, alpha: .discard)
    }
    let sure = pairs.filter { $0.match.correlation >= NearDuplicateSearch.duplicate }
    return [
      finding(.nearDuplicates, .leak, sure, facts),
      finding(.lookalikes, .note, pairs.filter { $0.match.correlation < NearDuplicateSearch.duplicate }, facts),
    ].compactMap { $0 }
  }

  private static func finding(
    _ kind: AuditFinding.Kind, _ severity: AuditFinding.Severity, _ pairs: [NearDuplicateSearch.Pair], _ facts: [ScanFacts]
  ) -> AuditFinding? {
    guard !pairs.isEmpty else { return nil }
    var unions = PatientUnions()
    for pair in pairs { unions.join(facts[pair.first].record.patient, facts[pair.second].record.patient) }
    let correlations = pairs.map { Double($0.match.correlation) }
    let scans = pairs.flatMap { [$0.first, $0.second] }.reduce(into: (seen: Set<Int>(), order: [Int]())) {
      if $0.seen.insert($1).inserted { $0.order.append($1) }
    }.order.map { facts[$0].record }
    return AuditFinding(
      kind, severity, scans: scans.map(\.id), patients: Set(scans.map(\.patient)).sorted(),
      groups: severity == .leak ? unions.groups() : [],
      numbers: [
        .init("pairs", Double(pairs.count)), .init("least correlation", correlations.min()!), .init("most", correlations.max()!),
        .init("flipped", Double(pairs.count { $0.match.flipsAcross || $0.match.flipsDown })),
        .init("inverted", Double(pairs.count { $0.match.isInverted })),
        .init("in several splits", Double(pairs.count { straddles([$0.first, $0.second], facts) })),
      ])
  }

  private static func unsearched(_ facts: [ScanFacts]) -> AuditFinding? {
    let small = facts.filter { !$0.isSearched && !$0.survey.isBlank }.map(\.record)
    guard !small.isEmpty else { return nil }
    return AuditFinding(
      .nearDuplicatesNotSearched, .note, of: small, numbers: [.init("pixels needed a side", Double(ScanExamination.smallestSide))])
  }
}
