import Evaluation
import Experiments
import Files

/// Each strategy's score on held-out patients with its interval, and beside it the score on patients it was fitted on.
struct ScorePlot {
  static func plot(_ result: EvaluationResult) -> ReportPlot? {
    let rows = result.strategies.filter { $0.primary?.test != nil }
    guard !rows.isEmpty else { return nil }
    let metric = result.header.primaryMetric.title(classes: result.header.classes)
    let words = rows.map { strategy in
      let score = strategy.primary!
      return "\(strategy.name.visible()): held out \(Figures.estimate(score.test))"
        + (score.train == nil ? "." : ", training \(Figures.score(score.train)), gap \(Figures.signed(score.gap)).")
    }.joined(separator: " ")

    let left = 190.0
    let right = 640.0
    let rowHeight = 30.0
    let top = 34.0
    let bottom = top + rowHeight * Double(rows.count)
    let values = rows.flatMap { row -> [Double] in
      let score = row.primary!
      return [score.test?.value, score.test?.interval?.lower, score.test?.interval?.upper, score.train].compactMap { $0 }
    }
    let axis = PlotAxis(covering: values, from: left, to: right)
    var drawing = SVGDrawing(width: 860, height: bottom + 46, title: "\(metric) on held-out and on training patients", description: words)
    drawing.circle(left + 6, 14, radius: 5, class: "solid")
    drawing.text("held-out patients, with interval", left + 18, 18, class: "tick")
    drawing.circle(left + 236, 14, radius: 5, class: "hollow")
    drawing.text("training patients", left + 248, 18, class: "tick")
    for tick in axis.ticks {
      drawing.line(axis.position(tick), top, axis.position(tick), bottom, class: "grid")
      drawing.text(axis.label(tick), axis.position(tick), bottom + 16, anchor: .middle, class: "tick")
    }
    drawing.text(metric, (left + right) / 2, bottom + 36, anchor: .middle)
    for (index, strategy) in rows.enumerated() {
      let y = top + rowHeight * (Double(index) + 0.5)
      let score = strategy.primary!
      drawing.text(strategy.name.visible(limit: 26), left - 12, y + 4, anchor: .end)
      if let train = score.train {
        drawing.line(axis.position(score.test!.value), y, axis.position(train), y, class: "gap")
        drawing.circle(axis.position(train), y, radius: 5, class: "hollow")
      }
      if let interval = score.test?.interval {
        drawing.line(axis.position(interval.lower), y, axis.position(interval.upper), y, class: "interval")
      }
      drawing.circle(axis.position(score.test!.value), y, radius: 5, class: "solid")
      drawing.text(Figures.estimate(score.test), right + 14, y + 4, class: "number")
    }
    let csv = rows.reduce(csvLine(["strategy", "held_out", "lower", "upper", "train", "gap"])) { text, row in
      let score = row.primary!
      return text
        + csvLine([
          row.name.visible(), Figures.exact(score.test?.value), Figures.exact(score.test?.interval?.lower),
          Figures.exact(score.test?.interval?.upper), Figures.exact(score.train), Figures.exact(score.gap),
        ])
    }
    return ReportPlot(id: "scores", heading: "Held-out against training score", words: words, drawing: drawing, csv: csv)
  }
}
