import Evaluation
import Experiments

/// The report of advice: `report.html`, as a pure function of it.
public struct AdviceReport: Sendable {
  let advice: Advice

  public init(_ advice: Advice) { self.advice = advice }

  public var html: String {
    let table = AdviceTable(advice)
    let header = advice.header
    return ReportPage(
      title: "Which method for \(header.model.visible(limit: 60)) on \(ComparisonTable.names(header.targetScanners))",
      lead: advice.isMeasured
        ? "ScanAdapt, advice from \(Figures.count(header.fits)) fits on nested parts of the patients"
        : "ScanAdapt, rules of thumb: UNMEASURED, nothing was fitted",
      verdicts: [verdict],
      leading: advice.isMeasured ? [ranking(table)] : [rules],
      lists: [.init(heading: "What would change the answer", items: advice.changes.map { $0.visible(limit: 600) })].filter {
        !$0.items.isEmpty
      },
      findings: table.findings.map { .init(kind: $0.severity.rawValue, word: $0.severity.word, sentence: $0.sentence.visible(limit: 600)) },
      facts: table.header,
      plots: AdvicePlots(advice: advice).all,
      tables: [evidence(table), more, left].compactMap(\.self),
      refit: advice.command?.visible(limit: 2000),
      footer:
        "Errors are of held-out patients. Nobody is named here. Made by ScanAdapt from advice.json, format \(advice.format); every number is "
        + "there and in curves.csv."
    ).html
  }

  private var verdict: ReportPage.Verdict {
    let word = Verdict(rawValue: advice.verdict.kind.rawValue) ?? .cannotTell
    let kind =
      switch advice.verdict.kind {
      case .adapt: "adapt"
      case .leaveAlone: "leave"
      case .cannotTell: "unclear"
      }
    return .init(
      kind: advice.isMeasured ? kind : "unclear", mark: advice.isMeasured ? word.mark : "?",
      word: advice.isMeasured ? word.loud : "UNMEASURED",
      name: "With \(Figures.patients(advice.testedPatients))", numbers: advice.answer.visible(limit: 1200),
      because: advice.isMeasured
        ? "From paired differences on the same held-out patients; of what can't be told apart the least change." : "")
  }

  private func ranking(_ table: AdviceTable) -> ReportPage.Table {
    .init(
      heading: "Ranked, with the evidence for each place",
      note: "Strategies that can't be told apart share a place (=), the least change first; ▶ is recommended. Errors with "
        + "\(advice.header.sizes.last ?? 0) training patients; 'best in' is the share of resampled patients and subsets in which a strategy errs "
        + "least; bias² and variance are of the Brier score over subsets of \(advice.spreads.isEmpty ? 0 : advice.spread(of: advice.ranks[0].strategy)?.size ?? 0) patients.",
      columns: table.columns, rows: table.rows, sentences: .last)
  }

  private var rules: ReportPage.Table {
    .init(
      heading: "Rules of thumb, UNMEASURED", note: "From patients of the rarest class, mismatch and budget.",
      columns: AdviceTable.ruleColumns, rows: AdviceTable(advice).ruleRows, sentences: .all)
  }

  private func evidence(_ table: AdviceTable) -> ReportPage.Table? {
    let lines = table.evidence
    guard !lines.isEmpty else { return nil }
    return .init(
      heading: "Beside the curves", note: "What ranks nothing by itself.", columns: ["evidence", "what it says"],
      rows: lines.map { [$0.0, $0.1] },
      sentences: .all)
  }

  private var more: ReportPage.Table? {
    guard let first = advice.gains.first else { return nil }
    return .init(
      heading: "What \(Figures.count(first.additional)) more patients would bring",
      note: "From the fitted curves, beyond \(Figures.count(first.size)) training patients"
        + (first.isFarBeyondData ? "; more than twice as many as were measured: a guess that the curves keep their shape." : "."),
      columns: ["strategy", "error now", "error then", "gain"],
      rows: advice.gains.map { gain in
        [
          gain.strategy.visible(limit: 60), "\(Figures.score(gain.now.error)) \(Figures.interval(gain.now.interval))",
          "\(Figures.score(gain.later.error)) \(Figures.interval(gain.later.interval))",
          "\(Figures.signed(gain.gain)) \(Figures.signedInterval(gain.interval))",
        ]
      })
  }

  private var left: ReportPage.Table? {
    guard !advice.notMeasured.isEmpty else { return nil }
    return .init(
      heading: "Not measured", columns: ["strategy", "why"],
      rows: advice.notMeasured.map { [$0.strategy.visible(limit: 60), $0.reason.visible(limit: 400)] }, sentences: .all)
  }
}
