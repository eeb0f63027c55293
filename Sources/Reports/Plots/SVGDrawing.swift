import Foundation

/// An SVG picture put together from shapes; every text in it is escaped. It holds no script, no style and no reference to anything.
struct SVGDrawing {
  enum Anchor: String {
    case start, middle, end
  }

  let width: Double
  let height: Double
  /// What a screen reader says instead of the picture.
  let title: String
  let description: String
  private var body = ""

  init(width: Double, height: Double, title: String, description: String) {
    self.width = width
    self.height = height
    self.title = title
    self.description = description
  }

  mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, class name: String) {
    body += "<line x1=\"\(n(x1))\" y1=\"\(n(y1))\" x2=\"\(n(x2))\" y2=\"\(n(y2))\" class=\"\(name)\"/>"
  }

  mutating func circle(_ x: Double, _ y: Double, radius: Double, class name: String) {
    body += "<circle cx=\"\(n(x))\" cy=\"\(n(y))\" r=\"\(n(radius))\" class=\"\(name)\"/>"
  }

  mutating func square(_ x: Double, _ y: Double, side: Double, class name: String) {
    rectangle(x - side / 2, y - side / 2, side, side, class: name)
  }

  mutating func rectangle(_ x: Double, _ y: Double, _ width: Double, _ height: Double, class name: String) {
    body += "<rect x=\"\(n(x))\" y=\"\(n(y))\" width=\"\(n(max(0, width)))\" height=\"\(n(max(0, height)))\" class=\"\(name)\"/>"
  }

  mutating func polyline(_ points: [(x: Double, y: Double)], class name: String) {
    body += "<polyline points=\"\(points.map { "\(n($0.x)),\(n($0.y))" }.joined(separator: " "))\" class=\"\(name)\"/>"
  }

  mutating func polygon(_ points: [(x: Double, y: Double)], class name: String) {
    body += "<polygon points=\"\(points.map { "\(n($0.x)),\(n($0.y))" }.joined(separator: " "))\" class=\"\(name)\"/>"
  }

  mutating func text(_ text: String, _ x: Double, _ y: Double, anchor: Anchor = .start, class name: String = "label") {
    body += "<text x=\"\(n(x))\" y=\"\(n(y))\" text-anchor=\"\(anchor.rawValue)\" class=\"\(name)\">\(escaped(text))</text>"
  }

  /// - Parameter id: unique in the page, letters and digits only.
  func markup(id: String) -> String {
    "<svg viewBox=\"0 0 \(n(width)) \(n(height))\" role=\"img\" aria-labelledby=\"\(id)-title \(id)-text\">"
      + "<title id=\"\(id)-title\">\(escaped(title))</title><desc id=\"\(id)-text\">\(escaped(description))</desc>\(body)</svg>"
  }

  private func n(_ value: Double) -> String {
    precondition(value.isFinite, "a coordinate of \(value)")
    let text = String(format: "%.1f", value)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  private func escaped(_ text: String) -> String {
    var escaped = ""
    for scalar in text.visible().unicodeScalars {
      switch scalar {
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "&": escaped += "&amp;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
