import Adaptation
import Cohorts
import Engine
import Evaluation

extension PlannedEvaluation {
  func conduct(of result: EvaluationResult, _ records: [FoldRecord], _ check: LedgerCheck) throws -> EvaluationConduct {
    let configuration = design.configuration
    return EvaluationConduct(
      programVersion: ProgramVersion.current, instructionSet: InstructionSet.name, identity: identity, division: divisionSentence,
      foldsPlanned: folds.count, selection: selection(result), nesting: configuration.nesting, choices: choices(records),
      thresholds: thresholds(records), ledger: check,
      shortcut: try shortcut(result, records), permutations: permutations(records), methods: methods, exclusions: exclusions(result),
      composition: composition(records), patientsJoined: cohort.notes.patientsJoined,
      outsiders: experiment.outsiders.map { Set($0).count })
  }

  private var divisionSentence: String {
    let configuration = design.configuration
    if configuration.protocolName == .unseenScanner { return FoldPlan.leaveOneScannerOut.description }
    return configuration.division.sentence
      ?? FoldPlan.grouped(folds: configuration.folds, seed: configuration.seed, repeats: design.repetitions).description
  }

  /// Rows that an adaptation could be picked from by its score.
  private func compared(_ result: EvaluationResult) -> [StrategyResult] {
    let names = Set(design.rows.filter { $0.kind == .adaptation }.map(\.entry.name))
    return result.strategies.filter { names.contains($0.name) && $0.outcome == .evaluated }
  }

  private func selection(_ result: EvaluationResult) -> EvaluationConduct.Selection {
    let compared = compared(result)
    if let nesting = design.configuration.nesting { return .inside(innerFolds: nesting.innerFolds, of: design.candidates.count) }
    guard compared.count > 1, let best = best(compared) else { return .none }
    return .optimistic(best: best.name, of: compared.count)
  }

  private func best(_ rows: [StrategyResult]) -> StrategyResult? {
    let sign: Double = design.metrics[0].largerIsBetter ? 1 : -1
    return rows.filter { $0.primary?.test != nil }.max { sign * $0.primary!.test!.value < sign * $1.primary!.test!.value }
  }

  private func choices(_ records: [FoldRecord]) -> [InnerChoice] {
    records.compactMap { record in
      design.selection(of: record).map { InnerChoice(fold: record.fold.short, chosen: $0.chosen, scores: $0.scores) }
    }
  }

  /// One fold's predictions of the target's scans, by the unit that is scored.
  private func scored(_ predictions: [Prediction]?) -> [Prediction] {
    let targets = Set(design.targets.map(\.rawValue))
    return design.configuration.unit.applied(to: (predictions ?? []).filter { targets.contains($0.scanner) })
  }

  private func thresholds(_ records: [FoldRecord]) -> [ThresholdResult] {
    guard design.configuration.nesting?.threshold != nil else { return [] }
    let rows = design.shownRows.filter { $0.entry.notApplicable == nil && !$0.isTransductiveCompanion }
    return rows.map { row in
      let thresholds = records.map { $0[row.entry.name]?.threshold }
      let folds = records.map { scored($0[row.entry.name]?.predictions) }
      return ThresholdResult(
        strategy: row.entry.name, thresholds: thresholds,
        sensitivity: Metric.sensitivityAtThreshold.value(ofFolds: folds, thresholds: thresholds),
        specificity: Metric.specificityAtThreshold.value(ofFolds: folds, thresholds: thresholds))
    }
  }

  private func shortcut(_ result: EvaluationResult, _ records: [FoldRecord]) throws -> ShortcutResult? {
    guard design.configuration.probesShortcuts else { return nil }
    if let failure = records.compactMap({ $0.shortcut?.failure }).first { return ShortcutResult(failure: failure) }
    let probe = records.map { scored($0.shortcut?.predictions) }
    let bootstrap = design.configuration.bootstrap
    let networks = result.strategies.filter { row in
      row.outcome == .evaluated && !design.rows.contains { $0.entry.name == row.name && $0.isTransductiveCompanion }
    }
    let rows = networks.compactMap { row -> (name: String, folds: [[Prediction]], area: Double)? in
      let folds = records.map { scored($0[row.name]?.predictions) }
      let values = folds.compactMap { Metric.auroc.value(of: $0) }
      return values.isEmpty ? nil : (row.name, folds, values.reduce(0, +) / Double(values.count))
    }
    guard let network = rows.max(by: { $0.area < $1.area }) else {
      return ShortcutResult(probe: bootstrap.estimate(.auroc, ofFolds: probe))
    }
    // The probe also answers files that the network refuses; a patient's mean is of the scans that both answered.
    let shared = records.map { record in
      Set((record[network.name]?.predictions ?? []).map(\.scan)).intersection((record.shortcut?.predictions ?? []).map(\.scan))
    }
    func among(_ predictions: (FoldRecord) -> [Prediction]?) -> [[Prediction]] {
      zip(records, shared).map { record, scans in scored(predictions(record)?.filter { scans.contains($0.scan) }) }
    }
    return ShortcutResult(
      probe: bootstrap.estimate(.auroc, ofFolds: probe), strategy: network.name,
      network: bootstrap.estimate(.auroc, ofFolds: network.folds),
      lead: try bootstrap.difference(
        .auroc, candidateFolds: among { $0[network.name]?.predictions }, referenceFolds: among { $0.shortcut?.predictions }))
  }

  private func permutations(_ records: [FoldRecord]) -> [PermutedScores]? {
    guard design.configuration.permutesLabels, design.configuration.seeds > 1 else { return nil }
    let repetitions = Set(records.map(\.fold.repetition)).sorted()
    return design.shownRows.filter { $0.entry.notApplicable == nil }.map { row in
      PermutedScores(
        strategy: row.entry.name,
        values: repetitions.map { repetition in
          let values = records.filter { $0.fold.repetition == repetition }.compactMap {
            design.metrics[0].value(of: scored($0[row.entry.name]?.predictions))
          }
          return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
        })
    }
  }

  private var methods: [EvaluationConduct.Method] {
    design.rows.filter { ($0.kind == .baseline || $0.kind == .adaptation) && $0.entry.notApplicable == nil }.map { row in
      let training = row.trains ? row.strategy.training ?? row.strategy.strategy.defaultTraining : nil
      return .init(
        strategy: row.entry.name, training: training,
        validationFraction: training?.earlyStopping != nil ? row.strategy.validationFraction : nil)
    }
  }

  private func exclusions(_ result: EvaluationResult) -> [Exclusion] {
    let besides = cohort.count - design.cohort.count
    let removed = folds.map(\.removedPatients.count).reduce(0, +)
    return [
      Exclusion(reason: "rows left out by --where or --exclude", scans: cohort.notes.rowsFilteredOut),
      Exclusion(reason: "rows of the manifest without a file", scans: cohort.unavailable.count),
      Exclusion(reason: "of scanners that are neither target nor source", scans: besides),
      Exclusion(reason: "without a label, so not scored", scans: design.cohort.records.count { $0.label == nil }),
      Exclusion(reason: "unreadable files", scans: result.unreadable.count),
      Exclusion(
        reason: "of patients with scans on both sides of a fold, not fitted on there (patients, over all folds)", scans: removed),
    ].filter { $0.scans > 0 }
  }

  private func composition(_ records: [FoldRecord]) -> [CohortCell] {
    let present = Set(records.map(\.fold))
    return CohortCell.cells(of: design.cohort.records, fold: nil, part: nil)
      + folds.filter { present.contains($0.name) }.flatMap { fold in
        CohortCell.cells(of: fold.training.records, fold: fold.name.short, part: "training")
          + CohortCell.cells(of: fold.test.records, fold: fold.name.short, part: "test")
      }
  }
}

extension CohortCell {
  private struct Key: Hashable {
    let scanner: ScannerID
    let label: String?
  }

  /// Sorted by scanner, then class; scans without a label last.
  static func cells(of records: [ScanRecord], fold: String?, part: String?) -> [CohortCell] {
    Dictionary(grouping: records) { Key(scanner: $0.scanner, label: $0.label) }
      .sorted {
        ($0.key.scanner, $0.key.label == nil ? 1 : 0, $0.key.label ?? "") < (
          $1.key.scanner, $1.key.label == nil ? 1 : 0, $1.key.label ?? ""
        )
      }
      .map { key, records in
        CohortCell(
          fold: fold, part: part, scanner: key.scanner.rawValue, label: key.label, patients: Set(records.map(\.patient)).count,
          scans: records.count)
      }
  }
}

extension EvaluationConduct {
  /// What of it a reader must be told beside the table.
  var findings: [Finding] {
    var found: [Finding] = []
    if case .optimistic(let best, let count) = selection { found.append(.bestIsOptimistic(strategy: best, count: count)) }
    if let shortcut, let probe = shortcut.probe {
      found.append(
        .shortcutProbe(
          probe: probe.value, strategy: shortcut.strategy, network: shortcut.network?.value, isClose: shortcut.isClose))
    }
    found.append(.ledgerChecked(ledger.sentence, isClean: ledger.isClean))
    return found
  }
}
