/// Measured points and the straight line fitted to them, as an SVG file of its own.
package struct FitPlot {
  package let title: String
  package let words: String
  package let points: [(x: Double, y: Double)]
  package let fixed: Double
  package let perUnit: Double
  package let xLabel: String
  package let yLabel: String

  package init(
    title: String, words: String, points: [(x: Double, y: Double)], fixed: Double, perUnit: Double, xLabel: String, yLabel: String
  ) {
    (self.title, self.words, self.points) = (title, words, points)
    (self.fixed, self.perUnit, self.xLabel, self.yLabel) = (fixed, perUnit, xLabel, yLabel)
  }

  /// The page's style isn't there, so the few classes it uses come along.
  private static let style = """
    .grid{stroke:#ddd}.curve{stroke:#36c;fill:none;stroke-width:1.5}.solid{fill:#222}.label,.tick{font:12px sans-serif;fill:#222}.tick{font-size:11px}
    """

  package var svg: String {
    let (left, right, top, bottom) = (70.0, 660.0, 40.0, 330.0)
    var drawing = SVGDrawing(width: 700, height: 390, title: title, description: words)
    let last = points.map(\.x).max() ?? 1
    let x = PlotAxis(covering: [0, last], from: left, to: right)
    let y = PlotAxis(covering: points.map(\.y) + [0, fixed + perUnit * last], from: bottom, to: top)
    drawing.text(title, left, 22)
    for tick in y.ticks {
      drawing.line(left, y.position(tick), right, y.position(tick), class: "grid")
      drawing.text(y.label(tick), left - 6, y.position(tick) + 4, anchor: .end, class: "tick")
    }
    for tick in x.ticks { drawing.text(x.label(tick), x.position(tick), bottom + 18, anchor: .middle, class: "tick") }
    drawing.text(xLabel, right, bottom + 36, anchor: .end, class: "tick")
    drawing.text(yLabel, left - 6, top - 8, anchor: .end, class: "tick")
    drawing.text(words, left, bottom + 54, class: "tick")
    drawing.polyline([(x.position(0), y.position(fixed)), (x.position(last), y.position(fixed + perUnit * last))], class: "curve")
    for point in points { drawing.circle(x.position(point.x), y.position(point.y), radius: 3.5, class: "solid") }
    return drawing.markup(id: "fit")
      .replacing("<svg ", with: "<svg xmlns=\"http://www.w3.org/2000/svg\" ", maxReplacements: 1)
      .replacing("<title", with: "<style>\(Self.style)</style><title", maxReplacements: 1)
  }
}
