import Evaluation
import Experiments
import Files

/// The primary metric scanner by scanner, a row per scanner and strategy. Past twelve scanners the worst of the baseline's are shown.
struct ScannerPlot {
  static let limit = 12

  static func plot(_ result: EvaluationResult) -> ReportPlot? {
    let strategies = result.strategies.filter { $0.outcome == .evaluated && !$0.perScanner.isEmpty }
    guard let first = strategies.first, first.perScanner.count > 1 else { return nil }
    let larger = result.header.primaryMetric.largerIsBetter
    let metric = result.header.primaryMetric.title(classes: result.header.classes)
    let worst = first.perScanner.sorted { left, right in
      guard let a = left.estimate?.value else { return false }
      guard let b = right.estimate?.value else { return true }
      return larger ? a < b : a > b
    }
    let shown = worst.prefix(limit).map(\.scanner).sorted()
    func score(_ strategy: StrategyResult, _ scanner: String) -> ScannerScore? { strategy.perScanner.first { $0.scanner == scanner } }

    let words =
      strategies.map { strategy in
        "\(strategy.name.visible()): "
          + shown.map { "\($0.visible()) \(Figures.estimate(score(strategy, $0)?.estimate))" }.joined(separator: ", ") + "."
      }.joined(separator: " ") + (worst.count > limit ? " Of \(worst.count) scanners, the baseline's \(limit) worst." : "")

    let left = 250.0
    let right = 610.0
    let rowHeight = 17.0
    let top = 12.0
    let groupHeight = rowHeight * Double(strategies.count) + 12
    let bottom = top + groupHeight * Double(shown.count)
    let values = strategies.flatMap { strategy in
      shown.compactMap { score(strategy, $0)?.estimate }.flatMap { [$0.value, $0.interval?.lower, $0.interval?.upper].compactMap { $0 } }
    }
    guard !values.isEmpty else { return nil }
    let axis = PlotAxis(covering: values, from: left, to: right)
    var drawing = SVGDrawing(width: 860, height: bottom + 46, title: "\(metric) by scanner", description: words)
    for tick in axis.ticks {
      drawing.line(axis.position(tick), top, axis.position(tick), bottom, class: "grid")
      drawing.text(axis.label(tick), axis.position(tick), bottom + 16, anchor: .middle, class: "tick")
    }
    drawing.text(metric, (left + right) / 2, bottom + 36, anchor: .middle)
    var csv = csvLine(["scanner", "strategy", "value", "lower", "upper", "patients"])
    for (group, scanner) in shown.enumerated() {
      let groupTop = top + groupHeight * Double(group)
      drawing.text(scanner.visible(limit: 16), 8, groupTop + groupHeight / 2 + 4, class: "label strong")
      drawing.line(8, groupTop, right, groupTop, class: "grid")
      for (index, strategy) in strategies.enumerated() {
        let y = groupTop + 6 + rowHeight * (Double(index) + 0.5)
        drawing.text(strategy.name.visible(limit: 22), left - 12, y + 4, anchor: .end, class: "tick")
        let estimate = score(strategy, scanner)?.estimate
        csv += csvLine([
          scanner.visible(), strategy.name.visible(), Figures.exact(estimate?.value), Figures.exact(estimate?.interval?.lower),
          Figures.exact(estimate?.interval?.upper), estimate.map { "\($0.patients)" } ?? "",
        ])
        guard let estimate else {
          drawing.text("undefined: only one class, or none", left + 6, y + 4, class: "tick")
          continue
        }
        if let interval = estimate.interval {
          drawing.line(axis.position(interval.lower), y, axis.position(interval.upper), y, class: "interval")
        }
        drawing.circle(axis.position(estimate.value), y, radius: 4, class: strategy.isBaseline ? "hollow" : "solid")
        drawing.text("\(Figures.estimate(estimate)), \(Figures.patients(estimate.patients))", right + 14, y + 4, class: "number")
      }
    }
    return ReportPlot(id: "scanners", heading: "Scanner by scanner", words: words, drawing: drawing, csv: csv)
  }
}
