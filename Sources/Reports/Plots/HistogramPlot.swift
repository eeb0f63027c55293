import Files

/// Intensities of each scanner's scans, a panel each on one scale.
struct HistogramPlot {
  static func plot(_ scanners: [(name: String, shares: [Double])]) -> ReportPlot? {
    let shown = scanners.filter { !$0.shares.isEmpty }
    guard !shown.isEmpty else { return nil }
    let words = shown.map { scanner in
      let middle = scanner.shares.enumerated().reduce(0.0) { $0 + (Double($1.offset) + 0.5) / Double(scanner.shares.count) * $1.element }
      let peak = scanner.shares.indices.max { scanner.shares[$0] < scanner.shares[$1] }!
      return "\(scanner.name.visible(limit: 80)): mean near \(Figures.score(middle)), most pixels near "
        + "\(Figures.score((Double(peak) + 0.5) / Double(scanner.shares.count)))."
    }.joined(separator: " ")
    let (left, right, height) = (60.0, 840.0, 70.0)
    var drawing = SVGDrawing(
      width: 860, height: 20 + Double(shown.count) * (height + 44), title: "Intensities of the scans, dark to bright", description: words)
    var csv = csvLine(["scanner", "from", "to", "share"])
    let largest = shown.flatMap(\.shares).max() ?? 1
    for (index, scanner) in shown.enumerated() {
      let top = 24 + Double(index) * (height + 44)
      let slot = (right - left) / Double(scanner.shares.count)
      drawing.text(scanner.name.visible(limit: 80), left, top - 6, class: "label strong")
      for (bin, share) in scanner.shares.enumerated() {
        let bar = largest > 0 ? height * share / largest : 0
        drawing.rectangle(left + slot * Double(bin), top + height - bar, slot * 0.9, bar, class: "bar")
        let count = Double(scanner.shares.count)
        csv += csvLine([
          scanner.name.visible(), Figures.exact(Double(bin) / count), Figures.exact(Double(bin + 1) / count), Figures.exact(share),
        ])
      }
      drawing.line(left, top + height, right, top + height, class: "grid")
      drawing.text("0", left, top + height + 14, class: "tick")
      drawing.text("1", right, top + height + 14, anchor: .end, class: "tick")
    }
    return ReportPlot(id: "intensities", heading: "Intensities before the network", words: words, drawing: drawing, csv: csv)
  }
}
