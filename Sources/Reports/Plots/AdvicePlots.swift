import Adaptation
import Evaluation
import Experiments
import Files

/// The pictures beside the curves: differences from the source model, bias and variance, and what fitting takes.
struct AdvicePlots {
  let advice: Advice

  var all: [ReportPlot] {
    let mismatches = advice.mismatches.map(LayerMismatchSeries.init)
    return [
      differences, DataCurvePlot.plot(advice), DataCurvePanels.plot(advice), spreads, costs, MismatchPlot.plot(mismatches),
    ].compactMap(\.self)
  }

  private var differences: ReportPlot? {
    let rows = advice.ranks.compactMap { rank in rank.fromSource.map { (rank: rank, difference: $0) } }
    guard !rows.isEmpty else { return nil }
    let words = rows.map { rank, difference in
      "\(rank.strategy.visible()): \(Figures.signed(difference.difference)) \(Figures.signedInterval(difference.interval)), "
        + "\(rank.verdict?.rawValue ?? "")."
    }.joined(separator: " ")
    let (left, right, top) = (190.0, 560.0, 34.0)
    let bottom = top + 30 * Double(rows.count)
    let margin = -advice.header.margin
    let axis = PlotAxis(
      covering: rows.flatMap { [$0.difference.interval.lower, $0.difference.interval.upper, $0.difference.difference] } + [0, margin],
      from: left, to: right)
    var drawing = SVGDrawing(width: 860, height: bottom + 46, title: "Difference in error from the source model", description: words)
    for tick in axis.ticks {
      drawing.line(axis.position(tick), top, axis.position(tick), bottom, class: "grid")
      drawing.text(axis.label(tick), axis.position(tick), bottom + 16, anchor: .middle, class: "tick")
    }
    drawing.line(axis.position(0), top - 4, axis.position(0), bottom, class: "zero")
    drawing.line(axis.position(margin), top - 4, axis.position(margin), bottom, class: "margin")
    drawing.text("no difference", axis.position(0) + 4, top - 10, class: "tick")
    drawing.text("worth having", axis.position(margin) - 4, top - 10, anchor: .end, class: "tick")
    drawing.text("error minus the source model's (less is better)", (left + right) / 2, bottom + 36, anchor: .middle)
    for (index, (rank, difference)) in rows.enumerated() {
      let y = top + 30 * (Double(index) + 0.5)
      drawing.text(rank.strategy.visible(limit: 26), left - 12, y + 4, anchor: .end)
      let ends = (axis.position(difference.interval.lower), axis.position(difference.interval.upper))
      drawing.line(ends.0, y, ends.1, y, class: "interval")
      for end in [ends.0, ends.1] { drawing.line(end, y - 4, end, y + 4, class: "interval") }
      drawing.square(axis.position(difference.difference), y, side: 9, class: rank.verdict == .adapt ? "solid" : "hollow")
      drawing.text(
        "\(Figures.signed(difference.difference)) \(Figures.signedInterval(difference.interval))", right + 14, y + 4, class: "number")
      drawing.text(rank.verdict.map { "\($0.mark) \($0.rawValue)" } ?? "", right + 186, y + 4)
    }
    let csv = rows.reduce(csvLine(["strategy", "difference", "lower", "upper", "verdict"])) { text, row in
      text
        + csvLine([
          row.rank.strategy.visible(), Figures.exact(row.difference.difference), Figures.exact(row.difference.interval.lower),
          Figures.exact(row.difference.interval.upper), row.rank.verdict?.rawValue ?? "",
        ])
    }
    return ReportPlot(
      id: "differences", heading: "Each strategy against the source model, with \(advice.header.sizes.last ?? 0) training patients",
      words: words, drawing: drawing, csv: csv)
  }

  private var spreads: ReportPlot? {
    let shown = advice.ranks.compactMap { advice.spread(of: $0.strategy) }
    guard let size = shown.first?.size else { return nil }
    let rows = shown.map { spread in
      RowBars.Row(
        name: spread.strategy, parts: [(spread.parts.bias, "bar"), (spread.parts.variance, "hollow")],
        figures: "\(Figures.score(spread.parts.bias)) + \(Figures.score(spread.parts.variance))")
    }
    let words =
      "Brier score summed over classes with \(size) training patients, over \(shown[0].parts.subsets) subsets: bias (with the labels' noise) and "
      + "variance. "
      + shown.map { "\($0.strategy.visible()): \(Figures.score($0.parts.bias)) and \(Figures.score($0.parts.variance))." }.joined(
        separator: " ")
    let csv = advice.spreads.reduce(
      csvLine(["strategy", "training_patients", "bias", "bias_lower", "bias_upper", "variance", "variance_lower", "variance_upper"])
    ) {
      text, spread in
      let parts = spread.parts
      return text
        + csvLine([
          spread.strategy.visible(), "\(spread.size)", Figures.exact(parts.bias), Figures.exact(parts.biasInterval.lower),
          Figures.exact(parts.biasInterval.upper), Figures.exact(parts.variance), Figures.exact(parts.varianceInterval.lower),
          Figures.exact(parts.varianceInterval.upper),
        ])
    }
    let bars = RowBars(rows: rows, key: [("bar", "bias² and noise"), ("hollow", "variance between subsets")], axisTitle: "Brier score")
    return ReportPlot(
      id: "spread", heading: "Bias and variance", words: words, drawing: bars.drawing(title: "Bias and variance", description: words),
      csv: csv)
  }

  private var costs: ReportPlot? {
    let timed = advice.ranks.filter { $0.seconds != nil }
    guard !timed.isEmpty else { return nil }
    let rows = timed.map { rank in
      RowBars.Row(
        name: rank.strategy, parts: [(rank.seconds!, "bar")],
        figures: "\(Figures.seconds(rank.seconds)), \(Figures.memory(rank.peakBytes)), \(Figures.count(rank.trainedParameters)) trained"
      )
    }
    let words =
      "Median seconds of fitting with \(timed[0].size) training patients on this machine, largest memory, and parameters trained. "
      + rows.map { "\($0.name.visible()): \($0.figures)." }.joined(separator: " ")
    let csv = timed.reduce(csvLine(["strategy", "seconds", "peak_bytes", "trained_parameters", "trained_share"])) { text, rank in
      text
        + csvLine([
          rank.strategy.visible(), Figures.exact(rank.seconds), rank.peakBytes.map(String.init) ?? "", "\(rank.trainedParameters)",
          Figures.exact(rank.trainedShare),
        ])
    }
    let bars = RowBars(rows: rows, key: [("bar", "seconds a fit")], axisTitle: "seconds")
    return ReportPlot(
      id: "costs", heading: "What fitting takes here", words: words, drawing: bars.drawing(title: "What fitting takes", description: words),
      csv: csv)
  }
}

extension LayerMismatchSeries {
  init(_ summary: MismatchSummary) {
    self.init(
      scanner: "\(summary.scanner) against \(summary.reference)",
      layers: summary.layers.map { Layer(name: $0.name, mismatch: $0.mismatch, chance: $0.chance) })
  }
}
