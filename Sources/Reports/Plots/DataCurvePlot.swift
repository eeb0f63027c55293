import Evaluation
import Experiments
import Files
import Foundation

/// Every strategy's error against training patients in one picture, told apart by marks and dashes, with the crossings that the data show.
struct DataCurvePlot {
  /// As many line styles as there are.
  static let limit = 8

  static func plot(_ advice: Advice) -> ReportPlot? {
    let curves = advice.curves.prefix(limit)
    guard !curves.isEmpty, let least = advice.header.sizes.first, let most = advice.header.sizes.last else { return nil }
    let crossings = advice.crossings.filter { $0.verdict == .reached && $0.size != nil }
    let words =
      curves.map { curve in
        "\(curve.strategy.visible()): "
          + curve.points.map { "\(Figures.score($0.error)) with \($0.size)" }.joined(separator: ", ") + " patients."
      }.joined(separator: " ") + " " + crossings.map { $0.sentence.visible() }.joined(separator: " ")

    let (left, right, top, bottom) = (64.0, 610.0, 30.0, 350.0)
    var drawing = SVGDrawing(
      width: 860, height: bottom + 60 + 16 * Double(crossings.count), title: "Error by training patients", description: words)
    let x = LogAxis(covering: [Double(least), Double(most)], from: left + 10, to: right)
    let y = PlotAxis(covering: curves.flatMap { $0.points.map(\.error) }, from: bottom, to: top)
    for tick in y.ticks {
      drawing.line(left, y.position(tick), right + 10, y.position(tick), class: "grid")
      drawing.text(y.label(tick), left - 6, y.position(tick) + 4, anchor: .end, class: "tick")
    }
    for size in advice.header.sizes {
      drawing.line(x.position(Double(size)), bottom, x.position(Double(size)), bottom + 5, class: "zero")
      drawing.text("\(size)", x.position(Double(size)), bottom + 18, anchor: .middle, class: "tick")
    }
    drawing.text(advice.header.error?.words ?? "error", left - 6, top - 12, class: "tick")
    drawing.text("training patients (log scale)", (left + right) / 2, bottom + 36, anchor: .middle)

    for (index, curve) in curves.enumerated() {
      let points = curve.points.map { (x: x.position(Double($0.size)), y: y.position($0.error)) }
      drawing.polyline(points, class: "series dash\(index)")
      for point in points { mark(index, point.x, point.y, in: &drawing) }
    }
    let ends = curves.enumerated().map { (index: $0, name: $1.strategy, y: y.position($1.points.last!.error)) }.sorted { $0.y < $1.y }
    var last = top - 20
    for end in ends {
      last = max(end.y, last + 16)
      drawing.line(right + 2, end.y, right + 24, last, class: "grid")
      drawing.line(right + 26, last, right + 54, last, class: "series dash\(end.index)")
      mark(end.index, right + 40, last, in: &drawing)
      drawing.text(end.name.visible(limit: 26), right + 62, last + 4)
    }
    for (index, crossing) in crossings.enumerated() {
      let row = bottom + 56 + 16 * Double(index)
      let place = x.position(crossing.size!)
      drawing.line(place, top, place, bottom, class: "margin")
      let ends = (crossing.lower.map(x.position) ?? left, crossing.upper.map(x.position) ?? right + 10)
      drawing.line(ends.0, row, ends.1, row, class: "interval")
      if crossing.lower != nil { drawing.line(ends.0, row - 4, ends.0, row + 4, class: "interval") }
      if crossing.upper != nil { drawing.line(ends.1, row - 4, ends.1, row + 4, class: "interval") }
      drawing.square(place, row, side: 8, class: "solid")
      drawing.text(
        "n_T* \(Int(crossing.size!.rounded())): \(crossing.simpler.visible(limit: 14)) to \(crossing.richer.visible(limit: 14))",
        right + 26,
        row + 4, class: "tick")
    }
    return ReportPlot(id: "curve", heading: "Error by number of patients", words: words, drawing: drawing, csv: csv(advice))
  }

  /// Shapes that are told apart without colour.
  static func mark(_ index: Int, _ x: Double, _ y: Double, in drawing: inout SVGDrawing) {
    let style = index % 2 == 0 ? "solid" : "hollow"
    switch (index / 2) % 4 {
    case 0: drawing.circle(x, y, radius: 4, class: style)
    case 1: drawing.square(x, y, side: 7.5, class: style)
    case 2: drawing.polygon([(x - 4.5, y + 4), (x + 4.5, y + 4), (x, y - 5)], class: style)
    default: drawing.polygon([(x - 5, y), (x, y - 5), (x + 5, y), (x, y + 5)], class: style)
    }
  }

  static func csv(_ advice: Advice) -> String {
    var text = csvLine(["strategy", "training_patients", "error", "lower", "upper", "fitted"])
    for curve in advice.curves {
      for point in curve.points {
        text += csvLine([
          curve.strategy.visible(), "\(point.size)", Figures.exact(point.error), Figures.exact(point.interval.lower),
          Figures.exact(point.interval.upper), Figures.exact(advice.fit(of: curve)?.curve.error(at: Double(point.size))),
        ])
      }
    }
    text += csvLine(["simpler", "richer", "crossing", "lower", "upper", "verdict"])
    for crossing in advice.crossings {
      text += csvLine([
        crossing.simpler.visible(), crossing.richer.visible(), Figures.exact(crossing.size), Figures.exact(crossing.lower),
        Figures.exact(crossing.upper), crossing.sentence.visible(),
      ])
    }
    return text
  }
}
