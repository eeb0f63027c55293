import Evaluation
import Experiments
import Files

/// ROC or precision-recall curves with their bands, each beside the baseline's.
///
/// With two classes a panel per strategy. With more, a panel per class of the strategy that scores best, and the rest in the CSV.
struct RankingCurvePlot {
  static let panelLimit = 12

  private struct Panel {
    let title: String
    let curve: RankingCurve
    let baseline: RankingCurve?
  }

  static func plot(_ result: EvaluationResult, _ kind: RankingCurve.Kind) -> ReportPlot? {
    let panels = Self.panels(result, kind)
    guard !panels.isEmpty else { return nil }
    let (across, upwards) = kind == .roc ? ("false positive rate", "sensitivity") : ("recall", "precision")
    let name = kind == .roc ? "ROC curves" : "Precision-recall curves"
    let words = panels.map { Self.words($0, kind) }.joined(separator: " ")
    var drawing = SVGDrawing(
      width: 860, height: UnitPanel.height(panels: panels.count), title: "\(name) on held-out patients", description: words)
    drawing.line(16, 12, 44, 12, class: "interval")
    drawing.text("mean over folds", 50, 16, class: "tick")
    drawing.rectangle(152, 6, 22, 12, class: "band")
    drawing.text("\(Figures.percent(panels[0].curve.level)) at each place, patients resampled", 180, 16, class: "tick")
    drawing.line(410, 12, 438, 12, class: "curve dashed")
    drawing.text("baseline", 444, 16, class: "tick")
    drawing.line(510, 12, 538, 12, class: "margin")
    drawing.text("chance", 544, 16, class: "tick")
    for (index, panel) in panels.enumerated() {
      let square = UnitPanel(index)
      let bounded = panel.curve.points.filter { $0.lower != nil && $0.upper != nil }
      if bounded.count > 1 {
        drawing.polygon(
          bounded.map { square.point($0.x, $0.upper!) } + bounded.reversed().map { square.point($0.x, $0.lower!) }, class: "band")
      }
      square.drawFrame(in: &drawing, title: panel.title.visible(limit: 30), across: across, upwards: upwards)
      let chance = kind == .roc ? (0.0, 1.0) : (panel.curve.prevalence, panel.curve.prevalence)
      drawing.line(square.x(0), square.y(chance.0), square.x(1), square.y(chance.1), class: "margin")
      if let baseline = panel.baseline { drawing.polyline(baseline.points.map { square.point($0.x, $0.y) }, class: "curve dashed") }
      drawing.polyline(panel.curve.points.map { square.point($0.x, $0.y) }, class: "curve bold")
    }
    return ReportPlot(
      id: kind == .roc ? "roc" : "precisionrecall", heading: name, words: words, drawing: drawing, csv: csv(result, kind))
  }

  private static func panels(_ result: EvaluationResult, _ kind: RankingCurve.Kind) -> [Panel] {
    let drawn = result.strategies.filter { !curves($0, kind).isEmpty }
    let baseline = drawn.first(where: \.isBaseline).map { curves($0, kind) } ?? []
    func beside(_ curve: RankingCurve) -> RankingCurve? { baseline.first { $0.positiveClass == curve.positiveClass } }
    if result.header.classes.count == 2 {
      return drawn.prefix(panelLimit).map { strategy in
        let curve = curves(strategy, kind)[0]
        return Panel(title: strategy.name, curve: curve, baseline: strategy.isBaseline ? nil : beside(curve))
      }
    }
    let sign: Double = result.header.primaryMetric.largerIsBetter ? 1 : -1
    func merit(_ strategy: StrategyResult) -> Double { strategy.primary?.test.map { sign * $0.value } ?? -.infinity }
    guard let best = drawn.max(by: { merit($0) < merit($1) }) else { return [] }
    return curves(best, kind).prefix(panelLimit).map { curve in
      Panel(
        title: "\(result.header.classes[curve.positiveClass]), \(best.name)", curve: curve, baseline: best.isBaseline ? nil : beside(curve))
    }
  }

  private static func curves(_ strategy: StrategyResult, _ kind: RankingCurve.Kind) -> [RankingCurve] {
    strategy.diagnostics?.rankingCurves.filter { $0.kind == kind } ?? []
  }

  private static func words(_ panel: Panel, _ kind: RankingCurve.Kind) -> String {
    let readings = [0.1, 0.5, 0.9].compactMap { place -> String? in
      guard let point = panel.curve.points.first(where: { abs($0.x - place) < 1e-9 }) else { return nil }
      return "\(Figures.score(point.y)) at \(place)"
    }
    let quantity = kind == .roc ? "sensitivity by false positive rate" : "precision by recall"
    return "\(panel.title.visible()): \(quantity) \(readings.joined(separator: ", "))."
  }

  private static func csv(_ result: EvaluationResult, _ kind: RankingCurve.Kind) -> String {
    var text = csvLine([
      "strategy", "class", kind == .roc ? "false_positive_rate" : "recall", kind == .roc ? "sensitivity" : "precision",
      "lower", "upper",
    ])
    for strategy in result.strategies {
      for curve in curves(strategy, kind) {
        // Every fifth place is enough for a page; evaluation.json has all.
        for (index, point) in curve.points.enumerated() where index % 5 == 0 {
          text += csvLine([
            strategy.name.visible(), result.header.classes[curve.positiveClass].visible(), Figures.exact(point.x), Figures.score(point.y),
            Figures.score(point.lower), Figures.score(point.upper),
          ])
        }
      }
    }
    return text
  }
}
