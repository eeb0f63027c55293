import Experiments
import Files

/// Training and validation loss by epoch, a panel per strategy that trained, a line per fold.
struct LearningCurvePlot {
  static let foldLimit = 10

  static func plot(_ result: EvaluationResult) -> ReportPlot? {
    let strategies = result.strategies.filter { $0.curves.contains { $0.points.count > 1 } }
    guard !strategies.isEmpty else { return nil }
    let panelWidth = 270.0
    let panelHeight = 150.0
    let columns = min(3, strategies.count)
    let rows = (strategies.count + columns - 1) / columns
    let words = strategies.map { strategy in
      let ends = strategy.curves.compactMap { curve in curve.points.last?.trainingLoss }
      let mean = ends.isEmpty ? nil : ends.reduce(0, +) / Double(ends.count)
      let epochs = strategy.curves.map(\.points.count).max() ?? 0
      return "\(strategy.name.visible()): \(epochs) epochs at most, last training loss \(Figures.score(mean)) on average over folds."
    }.joined(separator: " ")
    var drawing = SVGDrawing(
      width: 860, height: 30 + Double(rows) * (panelHeight + 62), title: "Loss by epoch", description: words)
    drawing.line(16, 12, 44, 12, class: "curve")
    drawing.text("training", 50, 16, class: "tick")
    drawing.line(120, 12, 148, 12, class: "curve dashed")
    drawing.text("validation patients", 154, 16, class: "tick")
    drawing.circle(290, 12, radius: 3.5, class: "solid")
    drawing.text("weights taken", 300, 16, class: "tick")

    var csv = csvLine(["strategy", "fold", "epoch", "training_loss", "validation_loss"])
    for (index, strategy) in strategies.enumerated() {
      let left = 46 + Double(index % columns) * (panelWidth + 14)
      let top = 50 + Double(index / columns) * (panelHeight + 62)
      let curves = strategy.curves.prefix(foldLimit)
      let losses = curves.flatMap { $0.points.flatMap { [$0.trainingLoss, $0.validationLoss].compactMap { $0 } } }.filter(\.isFinite)
      let last = curves.flatMap { $0.points.map(\.epoch) }.max() ?? 1
      let y = PlotAxis(covering: losses + [0], from: top + panelHeight, to: top, ticks: 4)
      let width = panelWidth - 50
      func x(_ epoch: Int) -> Double { left + width * (last == 0 ? 0.5 : Double(epoch) / Double(last)) }
      drawing.text(strategy.name.visible(limit: 26), left, top - 8, class: "label strong")
      for tick in y.ticks {
        drawing.line(left, y.position(tick), left + width, y.position(tick), class: "grid")
        drawing.text(y.label(tick), left - 6, y.position(tick) + 4, anchor: .end, class: "tick")
      }
      drawing.text("0", x(0), top + panelHeight + 16, anchor: .middle, class: "tick")
      drawing.text("epoch \(last)", x(last), top + panelHeight + 16, anchor: .middle, class: "tick")
      for curve in curves {
        func points(_ loss: (LearningCurve.Point) -> Double?) -> [(x: Double, y: Double)] {
          curve.points.compactMap { point in
            loss(point).flatMap { $0.isFinite ? (x(point.epoch), y.position($0)) : nil }
          }
        }
        drawing.polyline(points(\.trainingLoss), class: "curve")
        let validation = points(\.validationLoss)
        if validation.count > 1 { drawing.polyline(validation, class: "curve dashed") }
        if let chosen = curve.points.first(where: { $0.epoch == curve.chosenEpoch }),
          let loss = chosen.validationLoss ?? chosen.trainingLoss,
          loss.isFinite
        {
          drawing.circle(x(chosen.epoch), y.position(loss), radius: 3.5, class: "solid")
        }
      }
      for curve in strategy.curves {
        for point in curve.points {
          csv += csvLine([
            strategy.name.visible(), curve.fold.visible(), "\(point.epoch)", Figures.exact(point.trainingLoss),
            Figures.exact(point.validationLoss),
          ])
        }
      }
    }
    return ReportPlot(id: "curves", heading: "Training, epoch by epoch", words: words, drawing: drawing, csv: csv)
  }
}
