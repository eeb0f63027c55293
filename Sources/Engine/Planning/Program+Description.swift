import Foundation

extension Program {
  public var description: String { listing(threads: 1).description }
}

extension Program.Listing: CustomStringConvertible {
  /// One line per step: node, kernel, GFLOP, MB moved, MB alive; one per buffer with its life; then the peak.
  public var description: String {
    var lines = [Self.columns("step", "node", "kernel", "GFLOP", "MB moved", "MB alive")]
    for (position, step) in steps.enumerated() {
      lines.append(
        Self.columns(
          "\(position)", step.node, step.kernel, Self.number(step.operations / 1e9), Self.number(step.bytesMoved / 1e6),
          Self.number(Double(step.bytesAlive) / 1e6)))
    }
    lines.append("")
    lines.append(Self.columns("", "buffer", "alive from step to step (\(steps.count): read after the last)", "from", "to", "MB"))
    let last = Double(max(steps.count, 1))
    for buffer in buffers {
      let start = Int(Double(buffer.firstStep) / last * 60)
      let bar =
        String(repeating: " ", count: start) + String(repeating: "─", count: max(1, Int(Double(buffer.lastStep) / last * 60) - start))
      lines.append(
        Self.columns("", buffer.node, bar, "\(buffer.firstStep)", "\(buffer.lastStep)", Self.number(Double(buffer.bytes) / 1e6)))
    }
    lines.append("")
    lines.append(
      "\(steps.count) steps for \(images) images (\(instructionSet)): \(Self.number(operations / 1e9)) GFLOP; memory at its peak: "
        + "arena \(Self.number(Double(arenaBytes) / 1e6)) MB, packed weights \(Self.number(Double(packedWeightBytes) / 1e6)) MB, "
        + "scratch \(Self.number(Double(scratchBytes) / 1e6)) MB")
    return lines.joined(separator: "\n")
  }

  private static func number(_ value: Double) -> String { value == 0 ? "" : String(format: "%.2f", value) }

  private static func columns(_ step: String, _ node: String, _ kernel: String, _ flops: String, _ moved: String, _ alive: String) -> String
  {
    func left(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(0, width - text.count)) }
    func right(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(0, width - text.count)) + text }
    return right(step, 4) + "  " + left(node, 34) + "  " + left(kernel, 70) + right(flops, 9) + right(moved, 10) + right(alive, 10)
  }
}
