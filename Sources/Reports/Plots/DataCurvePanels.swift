import Evaluation
import Experiments
import Files

/// One panel a strategy: its measured errors with intervals, the power law fitted to them, and the others' lines faintly behind.
struct DataCurvePanels {
  static func plot(_ advice: Advice) -> ReportPlot? {
    let curves = advice.curves.prefix(12)
    guard !curves.isEmpty, let least = advice.header.sizes.first, let most = advice.header.sizes.last else { return nil }
    let form = curves.lazy.compactMap { advice.fit(of: $0)?.curve.form.sentence }.first
    let words = (curves.map { sentence($0, advice) } + [form.map { "\($0)." }].compactMap(\.self)).joined(separator: " ")
    let (width, height) = (224.0, 140.0)
    let columns = min(3, curves.count)
    let rows = (curves.count + columns - 1) / columns
    var drawing = SVGDrawing(
      width: 860, height: 34 + Double(rows) * (height + 62), title: "Each strategy's learning curve", description: words)
    drawing.circle(22, 12, radius: 4, class: "solid")
    drawing.line(22, 4, 22, 20, class: "interval")
    drawing.text("measured, with interval", 32, 16, class: "tick")
    drawing.line(190, 12, 220, 12, class: "series dash1")
    drawing.text("fit c + a n^-b", 226, 16, class: "tick")
    drawing.line(330, 12, 360, 12, class: "grid")
    drawing.text("the other strategies", 366, 16, class: "tick")
    let values = curves.flatMap { $0.points.flatMap { [$0.error, $0.interval.lower, $0.interval.upper] } }
    for (index, curve) in curves.enumerated() {
      let left = 50 + Double(index % columns) * (width + 58)
      let top = 52 + Double(index / columns) * (height + 62)
      let x = LogAxis(covering: [Double(least), Double(most)], from: left + 8, to: left + width - 8)
      let y = PlotAxis(covering: values, from: top + height, to: top, within: 0...1e9, ticks: 4)
      drawing.text(curve.strategy.visible(limit: 30), left, top - 8, class: "label strong")
      for tick in y.ticks {
        drawing.line(left, y.position(tick), left + width, y.position(tick), class: "grid")
        drawing.text(y.label(tick), left - 6, y.position(tick) + 4, anchor: .end, class: "tick")
      }
      for size in advice.header.sizes {
        drawing.text("\(size)", x.position(Double(size)), top + height + 16, anchor: .middle, class: "tick")
      }
      for other in curves where other.strategy != curve.strategy {
        drawing.polyline(other.points.map { (x.position(Double($0.size)), y.position($0.error)) }, class: "faint")
      }
      if let fit = advice.fit(of: curve) {
        drawing.polyline(x.steps(40).map { (x.position($0), y.position(fit.curve.error(at: $0))) }, class: "series dash1")
      }
      for point in curve.points {
        let place = x.position(Double(point.size))
        drawing.line(place, y.position(point.interval.lower), place, y.position(point.interval.upper), class: "interval")
        drawing.circle(place, y.position(point.error), radius: 4, class: "solid")
      }
    }
    return ReportPlot(
      id: "panels", heading: "Each strategy's learning curve", words: words, drawing: drawing, csv: fits(advice))
  }

  private static func sentence(_ curve: DataCurve, _ advice: Advice) -> String {
    guard let fit = advice.fit(of: curve) else { return "\(curve.strategy.visible()): no fit." }
    let floor =
      fit.curve.form == .withFloor ? "floor c \(Figures.score(fit.curve.floor)) \(Figures.interval(fit.floor)), " : "no floor fitted, "
    return "\(curve.strategy.visible()): \(floor)rate b \(Figures.score(fit.curve.rate)) \(Figures.interval(fit.rate))."
  }

  private static func fits(_ advice: Advice) -> String {
    var text = csvLine(["strategy", "floor", "floor_lower", "floor_upper", "scale", "rate", "rate_lower", "rate_upper", "form"])
    for curve in advice.curves {
      guard let fit = advice.fit(of: curve) else { continue }
      text += csvLine([
        curve.strategy.visible(), Figures.exact(fit.curve.floor), Figures.exact(fit.floor.lower), Figures.exact(fit.floor.upper),
        Figures.exact(fit.curve.scale), Figures.exact(fit.curve.rate), Figures.exact(fit.rate.lower), Figures.exact(fit.rate.upper),
        fit.curve.form.rawValue,
      ])
    }
    return text
  }
}
