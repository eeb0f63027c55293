import Evaluation
import Experiments
import Files

/// Each adaptation's paired difference from the baseline with its interval, on one axis, with the line that the verdict draws.
struct ForestPlot {
  static func plot(_ result: EvaluationResult) -> ReportPlot? {
    let rows = result.strategies.compactMap { strategy -> (StrategyResult, PairedDifference)? in
      strategy.primary?.difference.map { (strategy, $0) }
    }
    guard !rows.isEmpty else { return nil }
    let metric = result.header.primaryMetric
    let title = metric.title(classes: result.header.classes)
    let margin = metric.largerIsBetter ? result.header.rule.margin : -result.header.rule.margin
    let words = rows.map { strategy, difference in
      "\(strategy.name.visible()): \(Figures.difference(difference)) on \(Figures.patients(difference.patients)), "
        + "\(strategy.verdict?.verdict.rawValue ?? "no verdict")."
    }.joined(separator: " ")

    let left = 190.0
    let right = 560.0
    let rowHeight = 30.0
    let top = 34.0
    let bottom = top + rowHeight * Double(rows.count)
    let ends: [Double?] = rows.flatMap { [$0.1.difference, $0.1.interval?.lower, $0.1.interval?.upper] }
    let values = ends.compactMap { $0 } + [0, margin]
    let axis = PlotAxis(covering: values, from: left, to: right)
    var drawing = SVGDrawing(
      width: 860, height: bottom + 46, title: "Difference in \(title) from the baseline", description: words)

    for tick in axis.ticks {
      drawing.line(axis.position(tick), top, axis.position(tick), bottom, class: "grid")
      drawing.text(axis.label(tick), axis.position(tick), bottom + 16, anchor: .middle, class: "tick")
    }
    drawing.line(axis.position(0), top - 4, axis.position(0), bottom, class: "zero")
    if margin != 0 {
      drawing.line(axis.position(margin), top - 4, axis.position(margin), bottom, class: "margin")
    }
    drawing.text("no difference", axis.position(0) - 4, top - 10, anchor: .end, class: "tick")
    if margin != 0 { drawing.text("worth having", axis.position(margin) + 4, top - 10, class: "tick") }
    drawing.text(
      "difference in \(title) from the baseline\(metric.largerIsBetter ? "" : " (less is better)")", (left + right) / 2, bottom + 36,
      anchor: .middle)

    for (index, (strategy, difference)) in rows.enumerated() {
      let y = top + rowHeight * (Double(index) + 0.5)
      drawing.text(strategy.name.visible(limit: 26), left - 12, y + 4, anchor: .end)
      if let interval = difference.interval {
        drawing.line(axis.position(interval.lower), y, axis.position(interval.upper), y, class: "interval")
        for end in [interval.lower, interval.upper] {
          drawing.line(axis.position(end), y - 4, axis.position(end), y + 4, class: "interval")
        }
      }
      drawing.square(axis.position(difference.difference), y, side: 9, class: strategy.verdict?.verdict == .adapt ? "solid" : "hollow")
      let verdict = strategy.verdict.map { "\($0.verdict.mark) \($0.verdict.rawValue)" } ?? ""
      drawing.text(Figures.difference(difference), right + 14, y + 4, class: "number")
      drawing.text(verdict, right + 186, y + 4)
    }
    let csv = rows.reduce(csvLine(["strategy", "difference", "lower", "upper", "patients", "verdict"])) { text, row in
      text
        + csvLine([
          row.0.name.visible(), Figures.exact(row.1.difference), Figures.exact(row.1.interval?.lower), Figures.exact(row.1.interval?.upper),
          "\(row.1.patients)", row.0.verdict?.verdict.rawValue ?? "",
        ])
    }
    return ReportPlot(id: "forest", heading: "Each adaptation against the baseline", words: words, drawing: drawing, csv: csv)
  }
}
