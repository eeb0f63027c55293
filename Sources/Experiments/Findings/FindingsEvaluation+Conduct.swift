import Adaptation
import Cohorts
import Engine
import Evaluation

extension FindingsEvaluation {
  /// How it was carried out, as of any evaluation.
  func conduct(
    _ design: FindingsDesign, _ set: FoldSet, _ records: [FindingsRecord], _ strategies: [FindingsResult.Strategy], _ identity: String,
    _ ledger: Ledger, _ whole: Cohort, unreadable: Int
  ) -> EvaluationConduct {
    EvaluationConduct(
      programVersion: ProgramVersion.current, instructionSet: InstructionSet.name, identity: identity,
      division: FoldPlan.grouped(folds: configuration.folds, seed: configuration.seed).description, foldsPlanned: set.folds.count,
      selection: selection(design, strategies), nesting: configuration.nesting,
      choices: records.compactMap { record in
        design.selection(of: record).map { InnerChoice(fold: record.fold.short, chosen: $0.chosen, scores: $0.scores) }
      },
      thresholds: [], ledger: LedgerCheck(ledger, records), shortcut: nil, permutations: nil,
      methods: design.rows.map { row in
        let trains = records.contains { ($0[row.name]?.trainedParameters ?? 0) > 0 }
        let training = trains ? row.training ?? row.strategy.defaultTraining : nil
        return .init(
          strategy: row.name, training: training, validationFraction: training?.earlyStopping != nil ? row.validationFraction : nil)
      },
      exclusions: [
        Exclusion(reason: "rows left out by --where or --exclude", scans: whole.notes.rowsFilteredOut),
        Exclusion(reason: "rows of the manifest without a file", scans: whole.unavailable.count),
        Exclusion(reason: "of scanners that aren't targets", scans: whole.count - design.cohort.count),
        Exclusion(
          reason: "without any finding that somebody looked for, so not scored", scans: design.cohort.records.count { !$0.isLabelled }),
        Exclusion(reason: "unreadable files", scans: unreadable),
      ].filter { $0.scans > 0 },
      composition: composition(design, set), patientsJoined: whole.notes.patientsJoined, outsiders: outsiders.map { Set($0).count })
  }

  private func selection(_ design: FindingsDesign, _ strategies: [FindingsResult.Strategy]) -> EvaluationConduct.Selection {
    if let nesting = configuration.nesting { return .inside(innerFolds: nesting.innerFolds, of: design.candidates.count) }
    let compared = strategies.filter { !$0.isBaseline && $0.scores.first?.macro != nil }
    let sign: Double = design.metrics[0].largerIsBetter ? 1 : -1
    guard compared.count > 1, let best = compared.max(by: { sign * $0.scores[0].macro!.value < sign * $1.scores[0].macro!.value }) else {
      return .none
    }
    return .optimistic(best: best.name, of: compared.count)
  }

  private func composition(_ design: FindingsDesign, _ set: FoldSet) -> [CohortCell] {
    CohortCell.cells(of: design.cohort.records, findings: design.findings, fold: nil, part: nil)
      + set.folds.flatMap { fold in
        CohortCell.cells(of: fold.training.records, findings: design.findings, fold: fold.name.short, part: "training")
          + CohortCell.cells(of: fold.test.records, findings: design.findings, fold: fold.name.short, part: "test")
      }
  }
}

extension CohortCell {
  /// By scanner, then finding: with it, without it, and where nobody looked.
  fileprivate static func cells(of records: [ScanRecord], findings: [String], fold: String?, part: String?) -> [CohortCell] {
    Dictionary(grouping: records, by: \.scanner).sorted { $0.key < $1.key }.flatMap { scanner, scans in
      findings.flatMap { finding in
        [("present", true), ("absent", false), ("unknown", nil)].compactMap { word, value in
          let own = scans.filter { $0.findings[finding] == value }
          return own.isEmpty
            ? nil
            : CohortCell(
              fold: fold, part: part, scanner: scanner.rawValue, label: "\(finding): \(word)", patients: Set(own.map(\.patient)).count,
              scans: own.count)
        }
      }
    }
  }
}
