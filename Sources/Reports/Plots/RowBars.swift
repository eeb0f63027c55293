/// Rows of bars with a name before and figures behind: bias and variance, costs.
struct RowBars {
  /// One row: parts from zero on, each with its own fill.
  struct Row {
    let name: String
    let parts: [(value: Double, style: String)]
    let figures: String
  }

  let rows: [Row]
  /// Of the fills, as the key shows them.
  let key: [(style: String, name: String)]
  let axisTitle: String

  func drawing(title: String, description: String) -> SVGDrawing {
    let (left, right, top) = (190.0, 600.0, 40.0)
    let bottom = top + 28 * Double(rows.count)
    var drawing = SVGDrawing(width: 860, height: bottom + 46, title: title, description: description)
    var place = left
    for (style, name) in key {
      drawing.rectangle(place, 6, 22, 11, class: style)
      drawing.text(name, place + 28, 16, class: "tick")
      place += 40 + 7 * Double(name.count)
    }
    let axis = PlotAxis(covering: rows.map { $0.parts.reduce(0) { $0 + $1.value } } + [0], from: left, to: right)
    for tick in axis.ticks {
      drawing.line(axis.position(tick), top, axis.position(tick), bottom, class: "grid")
      drawing.text(axis.label(tick), axis.position(tick), bottom + 16, anchor: .middle, class: "tick")
    }
    drawing.text(axisTitle, (left + right) / 2, bottom + 36, anchor: .middle)
    for (index, row) in rows.enumerated() {
      let y = top + 28 * (Double(index) + 0.5)
      drawing.text(row.name.visible(limit: 26), left - 12, y + 4, anchor: .end)
      var reached = 0.0
      for part in row.parts {
        let from = axis.position(reached)
        reached += max(0, part.value)
        drawing.rectangle(from, y - 8, axis.position(reached) - from, 16, class: part.style)
      }
      drawing.text(row.figures, right + 14, y + 4, class: "number")
    }
    return drawing
  }
}
