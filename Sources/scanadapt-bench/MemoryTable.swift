import Foundation
import Graphs

/// Peak memory: a step's beside PyTorch's, and how it grows with the number of scans.
struct MemoryTable {
  let peer: ScanPeer?
  let threads: Int
  /// How many scans the streaming job reads, few and many.
  let scanCounts: [Int]

  func run() throws -> [ComparisonRow] {
    print("\nPeak memory (VmHWM), each in a process of its own\n" + ComparisonRow.header)
    let step = try PeakMemory.ofAnotherRun(["--peak-of", "step", "--batch", "32", "--threads", "\(threads)"])
    let theirs = try peer?.run("memory", batch: 32).peakBytes
    var rows = [row("BN-only step", "resnet18, batch 32", step, "PyTorch", theirs, .atMost(0.5))]
    let peaks = try scanCounts.map {
      try PeakMemory.ofAnotherRun(["--peak-of", "scans", "--scan-count", "\($0)", "--threads", "\(threads)"])
    }
    rows.append(
      row("BN-only epoch, streamed", "cifar_resnet20, \(scanCounts[1]) scans", peaks[1], "\(scanCounts[0]) scans", peaks[0], .atMost(1.1)))
    for row in rows { print(row.line) }
    return rows
  }

  private func row(
    _ job: String, _ detail: String, _ ours: Int, _ other: String, _ theirs: Int?, _ aim: ComparisonRow.Aim
  ) -> ComparisonRow {
    ComparisonRow(
      job: job, detail: detail, unit: .megabytes, ours: Double(ours) / 1e6, other: other, theirs: theirs.map { Double($0) / 1e6 }, aim: aim)
  }
}
