/// A square panel with both axes from 0 to 1, for curves of rates and probabilities, placed in a grid of such panels.
struct UnitPanel {
  static let side = 190.0
  private static let columns = 3
  private static let pitch = (x: 282.0, y: 272.0)
  private static let legendHeight = 30.0

  let left: Double
  let top: Double

  /// - Parameter index: counted along the rows of the grid.
  init(_ index: Int) {
    left = 58 + Self.pitch.x * Double(index % Self.columns)
    top = Self.legendHeight + 32 + Self.pitch.y * Double(index / Self.columns)
  }

  /// Of a picture that holds the panels and a line of legend above them.
  static func height(panels: Int) -> Double { legendHeight + pitch.y * Double((panels + columns - 1) / columns) }

  func x(_ value: Double) -> Double { left + Self.side * min(max(value, 0), 1) }
  func y(_ value: Double) -> Double { top + Self.side * (1 - min(max(value, 0), 1)) }
  func point(_ x: Double, _ y: Double) -> (x: Double, y: Double) { (self.x(x), self.y(y)) }

  func drawFrame(in drawing: inout SVGDrawing, title: String, across: String, upwards: String) {
    drawing.text(title, left, top - 20, class: "label strong")
    drawing.text(upwards, left - 34, top - 6, class: "tick")
    for tick in [0, 0.25, 0.5, 0.75, 1] {
      drawing.line(x(0), y(tick), x(1), y(tick), class: "grid")
      drawing.line(x(tick), y(0), x(tick), y(1), class: "grid")
      guard tick != 0.25, tick != 0.75 else { continue }
      let label = tick == 0.5 ? "0.5" : "\(Int(tick))"
      drawing.text(label, x(0) - 6, y(tick) + 4, anchor: .end, class: "tick")
      drawing.text(label, x(tick), y(0) + 15, anchor: .middle, class: "tick")
    }
    drawing.text(across, x(0.5), y(0) + 31, anchor: .middle, class: "tick")
  }
}
