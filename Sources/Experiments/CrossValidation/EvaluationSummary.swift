import Cohorts
import Evaluation

/// Folds put together into a result: a pure function, so that finished folds can be summarized again with
/// another verdict rule or bootstrap.
public struct EvaluationSummary: Sendable {
  public var header: EvaluationHeader
  /// The baseline first.
  public var strategies: [StrategyEntry]
  public var identifiers: Identifiers
  /// Scans that sentences about failures may name, beside those that the folds hold.
  public var scans: [ScanRecord]

  public init(header: EvaluationHeader, strategies: [StrategyEntry], identifiers: Identifiers, scans: [ScanRecord] = []) {
    precondition(!strategies.isEmpty, "an evaluation without a baseline")
    self.header = header
    self.strategies = strategies
    self.identifiers = identifiers
    self.scans = scans
  }

  /// - Parameter findings: what is known beside the folds.
  /// - Throws: `ComparisonError` when strategies weren't scored on the same scans, which no lawful record has.
  public func result(of records: [FoldRecord], findings: [Finding] = []) throws(ComparisonError) -> EvaluationResult {
    let baseline = folds(of: strategies[0].name, in: records)
    let unreadable = unreadable(records)
    let scanners = scannerSummaries(baseline)
    var results = strategies.enumerated().map { row($1, isBaseline: $0 == 0, records: records) }
    try score(&results, records: records, scanners: scanners)
    let ambiguous = Set(baseline.flatMap { header.unit.ambiguousPatients(in: $0) }).count
    return EvaluationResult(
      header: header, strategies: results, scanners: scanners,
      folds: records.map {
        FoldSummary(
          name: $0.fold.short, trainingPatients: $0.trainingPatients, trainingScans: $0.trainingScans, testPatients: $0.testPatients,
          testScans: $0.testScans)
      },
      findings: findings + self.findings(results, scanners: scanners, unreadable: unreadable)
        + (ambiguous > 0 ? [.patientsOfSeveralClasses(patients: ambiguous)] : []),
      unreadable: unreadable)
  }

  /// What a row says beside its scores.
  private func row(_ entry: StrategyEntry, isBaseline: Bool, records: [FoldRecord]) -> StrategyResult {
    var result = StrategyResult(
      name: entry.name, summary: entry.summary, statistics: entry.statistics, head: entry.head, isBaseline: isBaseline,
      isTransductive: entry.isTransductive)
    if let reason = entry.notApplicable {
      result.outcome = .notApplicable(reason: reason)
      return result
    }
    let own = strategies(named: entry.name, in: records)
    if let (fold, failed) = own.first(where: { $0.1.failure != nil }) {
      result.outcome = .failed(fold: fold.short, reason: named(failed.failure!, in: records))
      return result
    }
    result.trainedParameters = own.compactMap(\.1.trainedParameters).max()
    result.trainedShare = own.compactMap(\.1.trainedShare).max()
    result.peakBytes = own.compactMap(\.1.peakBytes).max()
    let seconds = own.compactMap(\.1.seconds)
    result.seconds = seconds.count == own.count && !own.isEmpty ? seconds.reduce(0, +) : nil
    result.curves = own.filter { !$0.1.curve.isEmpty }.map {
      LearningCurve(fold: $0.0.short, points: $0.1.curve, chosenEpoch: $0.1.chosenEpoch)
    }
    for note in own.flatMap(\.1.notes) where !result.notes.contains(note) { result.notes.append(note) }
    return result
  }

  // MARK: what was scored

  func strategies(named name: String, in records: [FoldRecord]) -> [(FoldName, FoldRecord.Strategy)] {
    records.compactMap { record in record.strategies.first { $0.name == name }.map { (record.fold, $0) } }
  }

  func folds(of strategy: String, in records: [FoldRecord]) -> [[Prediction]] {
    records.map { record in record.strategies.first { $0.name == strategy }?.predictions ?? [] }
  }

  private func scannerSummaries(_ folds: [[Prediction]]) -> [ScannerSummary] {
    var scans: [String: Set<String>] = [:]
    var patients: [String: Set<String>] = [:]
    var classes: [String: [Int: Set<String>]] = [:]
    for prediction in folds.joined() {
      scans[prediction.scanner, default: []].insert(prediction.scan)
      patients[prediction.scanner, default: []].insert(prediction.patient)
      if let label = prediction.label { classes[prediction.scanner, default: [:]][label, default: []].insert(prediction.patient) }
    }
    return scans.keys.sorted().map { scanner in
      ScannerSummary(
        scanner: scanner,
        role: header.targetScanners.contains(scanner) ? .target : header.sourceScanners.contains(scanner) ? .source : .other,
        patients: patients[scanner]!.count, scans: scans[scanner]!.count,
        patientsPerClass: header.classes.indices.map { classes[scanner]?[$0]?.count ?? 0 })
    }
  }

  private func findings(_ results: [StrategyResult], scanners: [ScannerSummary], unreadable: [UnreadableEntry]) -> [Finding] {
    var found: [Finding] = []
    for scanner in scanners where scanner.role != .other {
      let present = scanner.patientsPerClass.indices.filter { scanner.patientsPerClass[$0] > 0 }
      if present.isEmpty { found.append(.scannerWithoutLabels(scanner: scanner.scanner)) }
      if present.count == 1 { found.append(.oneClassOnScanner(scanner: scanner.scanner, label: header.classes[present[0]])) }
    }
    for (index, label) in header.classes.enumerated() where scanners.allSatisfy({ $0.patientsPerClass[index] == 0 }) {
      found.append(.labelUnused(label: label))
    }
    if !unreadable.isEmpty { found.append(.unreadable(scans: unreadable.count)) }
    for result in results {
      if case .failed(let fold, let reason) = result.outcome {
        found.append(.strategyFailed(strategy: result.name, fold: fold, reason: reason))
      }
    }
    let compared = results.count { $0.verdict != nil }
    if compared > 2 { found.append(.severalComparisons(count: compared)) }
    return found
  }

  /// A sentence from the run with every known scan, by path or id, named as the result names scans.
  private func named(_ sentence: String, in records: [FoldRecord]) -> String {
    guard case .pseudonyms = identifiers else { return sentence }
    var names: [String: ScanID] = [:]
    for scan in scans { for name in [scan.id.rawValue, scan.path, scan.absolutePath] { names[name] = scan.id } }
    for record in records {
      for entry in record.unreadable { names[entry.path] = names[entry.path] ?? ScanID(entry.path) }
      for prediction in record.strategies.flatMap(\.predictions) { names[prediction.scan] = ScanID(prediction.scan) }
    }
    // The longest first, since a path may be a part of another.
    let found = names.keys.filter { !$0.isEmpty && sentence.contains($0) }.sorted { ($0.count, $0) > ($1.count, $1) }
    return found.reduce(sentence) { $0.replacing($1, with: identifiers.scan(names[$1]!)) }
  }

  private func unreadable(_ records: [FoldRecord]) -> [UnreadableEntry] {
    var reasons: [String: String] = [:]
    for entry in records.flatMap(\.unreadable) { reasons[entry.path] = entry.reason }
    return reasons.sorted { $0.key < $1.key }.map { UnreadableEntry(scan: identifiers.scan(ScanID($0.key)), reason: $0.value) }
  }
}
