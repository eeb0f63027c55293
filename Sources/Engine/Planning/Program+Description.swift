import Foundation

extension Program {
  /// One line per step: node, kernel, GFLOP, MB moved, MB alive; then the peak.
  public var description: String {
    var lines = [Self.columns("step", "node", "kernel", "GFLOP", "MB moved", "MB alive")]
    for (position, step) in steps.enumerated() {
      lines.append(
        Self.columns(
          "\(position)", step.node, step.kernel, Self.number(step.floatingPointOperations / 1e9), Self.number(step.bytesMoved / 1e6),
          Self.number(Double(aliveBytes(at: position)) / 1e6)))
    }
    lines.append(
      "\(steps.count) steps for \(images) images: \(Self.number(floatingPointOperations / 1e9)) GFLOP, "
        + "arena \(Self.number(Double(peakBytes) / 1e6)) MB")
    return lines.joined(separator: "\n")
  }

  private static func number(_ value: Double) -> String { value == 0 ? "" : String(format: "%.2f", value) }

  private static func columns(_ step: String, _ node: String, _ kernel: String, _ flops: String, _ moved: String, _ alive: String) -> String
  {
    func left(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(0, width - text.count)) }
    func right(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(0, width - text.count)) + text }
    return right(step, 4) + "  " + left(node, 34) + "  " + left(kernel, 70) + right(flops, 9) + right(moved, 10) + right(alive, 10)
  }

  /// Bytes of arena buffers that hold something wanted while a step runs.
  private func aliveBytes(at position: Int) -> Int {
    lives.reduce(0) { $0 + ($1.first <= position && position <= $1.last ? $1.bytes : 0) }
  }

  private var lives: [(first: Int, last: Int, bytes: Int)] { arena.lives }
}
