import Files

/// Mismatch of every layer with every scanner: rows from input to output, a column per scanner.
///
/// The number in a cell is the mismatch; its shade, and a frame, say how far it is above what chance alone makes.
struct MismatchHeatMap {
  static let scannerLimit = 10
  static let layerLimit = 130

  static func plot(_ series: [LayerMismatchSeries]) -> ReportPlot? {
    let columns = series.filter { !$0.layers.isEmpty }.prefix(scannerLimit)
    guard columns.count > 1, let layers = columns.first?.layers.map(\.name).prefix(layerLimit) else { return nil }
    let words = columns.map { column in
      let above = column.layers.filter { $0.excess.map { $0 > 1 } ?? false }
      let first = above.first.map { ", the first of them \($0.name.visible())" } ?? ""
      return "\(column.scanner.visible()): \(above.count) of \(column.layers.count) layers above chance\(first)."
    }.joined(separator: " ")
    let rowHeight = 15.0
    let left = 210.0
    let top = 92.0
    let width = (850 - left) / Double(columns.count)
    var drawing = SVGDrawing(
      width: 860, height: top + rowHeight * Double(layers.count) + 12, title: "Mismatch of layers and scanners", description: words)
    for (index, step) in steps.enumerated() {
      drawing.rectangle(16 + Double(index) * 150, 6, 22, 12, class: "heat\(index)")
      drawing.text(step.words, 44 + Double(index) * 150, 16, class: "tick")
    }
    for (index, column) in columns.enumerated() {
      // Names at two heights, so that neighbours don't meet.
      drawing.text(
        column.scanner.visible(limit: Int(width / 3)), left + width * Double(index) + 2, index % 2 == 0 ? 56 : 80, class: "tick")
    }
    var csv = csvLine(["layer", "scanner", "mismatch", "chance"])
    for (row, name) in layers.enumerated() {
      let y = top + rowHeight * Double(row)
      drawing.text(name.visible(limit: 30), left - 8, y + 11, anchor: .end, class: "tick")
      for (index, column) in columns.enumerated() {
        guard let layer = column.layers.first(where: { $0.name == name }) else { continue }
        let level = steps.lastIndex { (layer.excess ?? 0) >= $0.from } ?? 0
        drawing.rectangle(left + width * Double(index), y, width - 2, rowHeight - 1, class: "heat\(level)")
        let place = left + width * (Double(index) + 0.5)
        drawing.text(Figures.score(layer.mismatch), place, y + 11, anchor: .middle, class: level > 2 ? "tick light" : "tick")
        csv += csvLine([name.visible(), column.scanner.visible(), Figures.exact(layer.mismatch), Figures.exact(layer.chance)])
      }
    }
    return ReportPlot(id: "heatmap", heading: "Layers and scanners", words: words, drawing: drawing, csv: csv)
  }

  /// Shades, by how many times the chance band the mismatch is.
  private static let steps: [(from: Double, words: String)] = [
    (0, "within chance"), (1, "above chance"), (3, "3 times chance"), (10, "10 times chance"),
  ]
}

extension LayerMismatchSeries.Layer {
  /// How many times what chance alone makes; nil where chance isn't known.
  fileprivate var excess: Double? { chance.flatMap { $0 > 0 ? mismatch / $0 : nil } }
}
