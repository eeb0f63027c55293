import Files

/// One scanner's mismatch with the source by layer, in depth order, with the band that chance alone would fill.
///
/// A plain series, so that this room draws what `Normalization` measured without knowing how.
public struct LayerMismatchSeries: Hashable, Sendable {
  public struct Layer: Hashable, Sendable {
    public let name: String
    /// Mean over channels of the symmetric KL divergence.
    public let mismatch: Double
    /// What random halves of one scanner's patients differ by: its upper bound. nil where it couldn't be drawn.
    public let chance: Double?

    public init(name: String, mismatch: Double, chance: Double?) {
      self.name = name
      self.mismatch = mismatch
      self.chance = chance
    }
  }

  public let scanner: String
  public let layers: [Layer]

  public init(scanner: String, layers: [Layer]) {
    self.scanner = scanner
    self.layers = layers
  }
}

/// Mismatch over depth, a panel per scanner: bars above the chance band are where the scanner shows.
struct MismatchPlot {
  static let scannerLimit = 8

  static func plot(_ series: [LayerMismatchSeries]) -> ReportPlot? {
    let shown = series.filter { !$0.layers.isEmpty }.prefix(scannerLimit)
    guard !shown.isEmpty else { return nil }
    let words = shown.map { scanner in
      let largest = scanner.layers.max { $0.mismatch < $1.mismatch }!
      let above = scanner.layers.filter { layer in layer.chance.map { layer.mismatch > $0 } ?? false }.count
      return "\(scanner.scanner.visible()): largest at \(largest.name.visible()) (\(Figures.score(largest.mismatch))); "
        + "\(above) of \(scanner.layers.count) layers above chance."
    }.joined(separator: " ")
    let panelHeight = 130.0
    let left = 60.0
    let right = 840.0
    var drawing = SVGDrawing(
      width: 860, height: 26 + Double(shown.count) * (panelHeight + 54), title: "Mismatch by layer, from input to output",
      description: words)
    drawing.rectangle(16, 6, 22, 10, class: "bar")
    drawing.text("symmetric KL to the source's statistics, mean over channels", 44, 15, class: "tick")
    drawing.rectangle(420, 6, 22, 10, class: "band")
    drawing.text("what chance alone makes", 448, 15, class: "tick")
    var csv = csvLine(["scanner", "layer", "mismatch", "chance"])
    for (index, scanner) in shown.enumerated() {
      let top = 48 + Double(index) * (panelHeight + 54)
      let bottom = top + panelHeight
      let axis = PlotAxis(
        covering: scanner.layers.flatMap { [$0.mismatch, $0.chance ?? 0] }.filter(\.isFinite) + [0], from: bottom, to: top, ticks: 4)
      drawing.text(scanner.scanner.visible(limit: 80), left, top - 8, class: "label strong")
      for tick in axis.ticks {
        drawing.line(left, axis.position(tick), right, axis.position(tick), class: "grid")
        drawing.text(axis.label(tick), left - 6, axis.position(tick) + 4, anchor: .end, class: "tick")
      }
      let slot = (right - left) / Double(scanner.layers.count)
      for (depth, layer) in scanner.layers.enumerated() {
        let x = left + slot * Double(depth)
        if let chance = layer.chance, chance.isFinite {
          drawing.rectangle(x, axis.position(chance), slot, bottom - axis.position(chance), class: "band")
        }
        if layer.mismatch.isFinite {
          drawing.rectangle(x + slot * 0.2, axis.position(layer.mismatch), slot * 0.6, bottom - axis.position(layer.mismatch), class: "bar")
        }
        csv += csvLine([scanner.scanner.visible(), layer.name.visible(), Figures.exact(layer.mismatch), Figures.exact(layer.chance)])
      }
      drawing.text(scanner.layers.first!.name.visible(limit: 40), left, bottom + 16, class: "tick")
      drawing.text(scanner.layers.last!.name.visible(limit: 40), right, bottom + 16, anchor: .end, class: "tick")
    }
    return ReportPlot(id: "mismatch", heading: "Where in the network the scanner shows", words: words, drawing: drawing, csv: csv)
  }
}
