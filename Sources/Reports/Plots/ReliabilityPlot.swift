import Evaluation
import Experiments
import Files

/// Reliability diagrams: how often the network was right where it claimed a confidence, a panel per strategy.
struct ReliabilityPlot {
  static let panelLimit = 12
  /// A bin with fewer scans is drawn hollow.
  private static let fewScans = 10

  static func plot(_ result: EvaluationResult) -> ReportPlot? {
    let panels = result.strategies.compactMap { strategy in reliability(strategy).map { (strategy: strategy, curve: $0) } }
    guard !panels.isEmpty else { return nil }
    let shown = panels.prefix(panelLimit)
    let words = shown.map { Self.words($0.strategy, $0.curve) }.joined(separator: " ")
    var drawing = SVGDrawing(
      width: 860, height: UnitPanel.height(panels: shown.count), title: "Confidence against the share of right decisions",
      description: words)
    drawing.circle(22, 12, radius: 4, class: "solid")
    drawing.text("a bin of held-out scans, \(Figures.percent(result.header.bootstrap.level)) by patient", 32, 16, class: "tick")
    drawing.circle(276, 12, radius: 4, class: "hollow")
    drawing.text("fewer than \(fewScans) scans", 286, 16, class: "tick")
    drawing.rectangle(392, 6, 22, 12, class: "band")
    drawing.text("share of the scans", 420, 16, class: "tick")
    drawing.line(536, 12, 564, 12, class: "margin")
    drawing.text("as right as it claims", 570, 16, class: "tick")
    for (index, panel) in shown.enumerated() {
      let square = UnitPanel(index)
      let all = Double(max(1, panel.curve.bins.reduce(0) { $0 + $1.scans }))
      for bin in panel.curve.bins where bin.scans > 0 {
        let height = 0.3 * Double(bin.scans) / all
        drawing.rectangle(
          square.x(bin.lower), square.y(height), square.x(bin.upper) - square.x(bin.lower), square.y(0) - square.y(height), class: "band")
      }
      square.drawFrame(in: &drawing, title: panel.strategy.name.visible(limit: 30), across: "confidence", upwards: "right")
      drawing.line(square.x(0), square.y(0), square.x(1), square.y(1), class: "margin")
      for bin in panel.curve.bins {
        guard let predicted = bin.predicted, let observed = bin.observed else { continue }
        if let interval = bin.interval {
          drawing.line(square.x(predicted), square.y(interval.lower), square.x(predicted), square.y(interval.upper), class: "interval")
        }
        drawing.circle(square.x(predicted), square.y(observed), radius: 4, class: bin.scans < fewScans ? "hollow" : "solid")
      }
    }
    return ReportPlot(
      id: "reliability", heading: "Is it as sure as it should be?", words: words, drawing: drawing,
      csv: csvLine([
        "strategy", "lower", "upper", "scans", "patients", "confidence", "right", "right_lower", "right_upper",
      ]) + panels.map { csv($0.strategy, $0.curve) }.joined())
  }

  private static func reliability(_ strategy: StrategyResult) -> ReliabilityCurve? {
    strategy.diagnostics?.reliability.first { $0.quantity == .confidence && $0.binning == .equalWidth }
  }

  private static func words(_ strategy: StrategyResult, _ curve: ReliabilityCurve) -> String {
    let filled = curve.bins.filter { $0.scans > 0 }
    let scans = filled.reduce(0) { $0 + $1.scans }
    guard scans > 0 else { return "\(strategy.name.visible()): no labelled scans." }
    func mean(_ value: (ReliabilityCurve.Bin) -> Double?) -> Double {
      filled.reduce(0) { $0 + (value($1) ?? 0) * Double($1.scans) } / Double(scans)
    }
    return "\(strategy.name.visible()): confidence \(Figures.score(mean(\.predicted))) on average, right in "
      + "\(Figures.score(mean(\.observed)))."
  }

  private static func csv(_ strategy: StrategyResult, _ curve: ReliabilityCurve) -> String {
    curve.bins.filter { $0.scans > 0 }.map { bin in
      csvLine([
        strategy.name.visible(), Figures.score(bin.lower), Figures.score(bin.upper), "\(bin.scans)", "\(bin.patients)",
        Figures.exact(bin.predicted), Figures.exact(bin.observed), Figures.exact(bin.interval?.lower), Figures.exact(bin.interval?.upper),
      ])
    }.joined()
  }
}
