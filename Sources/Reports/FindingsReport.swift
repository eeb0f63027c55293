import Evaluation
import Experiments

/// The report of an evaluation of several findings a scan: a page, a Markdown table, and text for a terminal; pure functions of the result.
public struct FindingsReport: Sendable {
  let result: FindingsResult

  public init(_ result: FindingsResult) { self.result = result }

  private var metric: Metric { result.strategies[0].scores.first?.metric ?? .auroc }
  private var title: String { "mean \(metric.title(classes: ["absent", "present"])) over findings" }

  private var evaluated: [FindingsResult.Strategy] { result.strategies.filter { $0.failure == nil } }

  /// A line for each strategy.
  private var strategies: ReportPage.Table {
    .init(
      heading: "Held-out patients: \(title)",
      note:
        "The mean over the findings that have one, each over the scans in which somebody looked for it; intervals by patient. Differences "
        + "are from \(result.baseline.sentence), on the same patients. \(result.rule.sentence).",
      columns: ["adaptation", title, "difference", "patients", "verdict", "fitting", "trained", "statistics", "head"],
      rows: result.strategies.map { row in
        guard row.failure == nil else {
          return [row.name.visible(limit: 60)] + [String](repeating: Figures.absent, count: 3)
            + ["failed: \(row.failure!.visible(limit: 300))"] + [String](repeating: Figures.absent, count: 4)
        }
        return [
          row.name.visible(limit: 60), macro(row.scores.first?.macro), row.isBaseline ? "baseline" : Figures.difference(row.difference),
          Figures.count(row.scores.first?.macro?.patients), row.verdict.map { "\($0.verdict.mark) \($0.verdict.loud)" } ?? Figures.absent,
          Figures.seconds(row.seconds), Figures.count(row.trainedParameters), row.statistics.visible(), row.head.visible(),
        ]
      })
  }

  /// A line for each finding.
  private var findings: ReportPage.Table {
    .init(
      heading: "Finding by finding: \(metric.title(classes: ["absent", "present"]))",
      columns: ["finding", "patients with it", "scans with it", "without", "unknown"] + evaluated.map { $0.name.visible(limit: 40) },
      rows: result.counts.enumerated().map { index, count in
        [
          count.finding.visible(limit: 60), Figures.count(count.patientsWithIt), Figures.count(count.present), Figures.count(count.absent),
          Figures.count(count.unknown),
        ] + evaluated.map { Figures.estimate($0.scores.first?.byFinding[index]) }
      })
  }

  private var furtherMetrics: ReportPage.Table? {
    let others = evaluated.first?.scores.dropFirst().map(\.metric) ?? []
    guard !others.isEmpty else { return nil }
    return .init(
      heading: "Further metrics, means over findings",
      columns: ["adaptation"] + others.map { $0.title(classes: ["absent", "present"]) },
      rows: evaluated.map { row in [row.name.visible(limit: 60)] + row.scores.dropFirst().map { macro($0.macro) } })
  }

  private var tables: [ReportPage.Table] { [strategies, findings, furtherMetrics].compactMap(\.self) }

  private func macro(_ estimate: MacroEstimate?) -> String {
    estimate.map { "\(Figures.score($0.value)) \(Figures.interval($0.interval))" } ?? Figures.absent
  }

  private var lead: String {
    "\(result.findings.count) findings, a probability each; \(Figures.patients(result.patients)), \(Figures.count(result.scans)) scans of "
      + "\(ComparisonTable.names(result.targetScanners)); \(result.folds) patient folds, seed \(result.seed); \(result.patientIdentity.visible())"
  }

  private var notes: [(kind: String, word: String, sentence: String)] {
    result.notes.sorted { $0.severity < $1.severity }.map { ($0.severity.rawValue, $0.severity.word, $0.sentence.visible(limit: 600)) }
      + [("note", "NOTE", "the source model's patients are \(result.sourcePatients.sentence)")]
  }

  public var html: String {
    ReportPage(
      title: "\(result.model.visible(limit: 60)) on \(ComparisonTable.names(result.targetScanners))", lead: "ScanAdapt. " + lead + ".",
      verdicts: result.strategies.compactMap(verdict),
      findings: notes.map { .init(kind: $0.kind, word: $0.word, sentence: $0.sentence) }, tables: tables,
      footer:
        "Scores are of held-out patients. Patients and scans bear pseudonyms unless the run was told otherwise. Made by ScanAdapt from "
        + "evaluation.json, format \(result.format)."
    ).html
  }

  private func verdict(_ row: FindingsResult.Strategy) -> ReportPage.Verdict? {
    guard let verdict = row.verdict else { return nil }
    let kind =
      switch verdict.verdict {
      case .adapt: "adapt"
      case .leaveAlone: "leave"
      case .cannotTell: "unclear"
      }
    return .init(
      kind: kind, mark: verdict.verdict.mark, word: verdict.verdict.loud, name: row.name.visible(limit: 60),
      numbers: row.difference.map { "\(title) \(Figures.difference($0)) on \(Figures.patients($0.patients))" } ?? "no difference defined",
      because: verdict.because(result.rule))
  }

  public var markdown: String {
    tables.map { table in
      let lines = [table.columns, table.columns.map { _ in "---" }] + table.rows
      let rows = lines.map { "| " + $0.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |" }
      return "## \(table.heading)\n\n" + (table.note.isEmpty ? "" : table.note + "\n\n") + rows.joined(separator: "\n")
    }.joined(separator: "\n\n") + "\n\n" + notes.map { "- \($0.word): \($0.sentence)" }.joined(separator: "\n") + "\n"
  }

  /// For a terminal: the two tables in columns of fixed width, then what to know. Ends with a line break.
  public var text: String {
    func aligned(_ table: ReportPage.Table, columns: Int) -> [String] {
      let lines = ([table.columns] + table.rows).map { $0.prefix(columns).map(\.self) }
      let widths = lines[0].indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
      let made = lines.map { line in
        zip(line, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ")
      }
      return [made[0], widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")] + made.dropFirst()
    }
    var lines = [lead, ""] + aligned(strategies, columns: 7)
    lines += ["", findings.heading] + aligned(findings, columns: findings.columns.count)
    lines += [""] + notes.map { "\($0.word): \($0.sentence)" }
    return lines.joined(separator: "\n") + "\n"
  }
}
