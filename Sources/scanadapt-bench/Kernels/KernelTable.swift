import CKernels
import Foundation
import Graphs

/// Every convolution shape of some networks, forward and both gradients, one thread, warm.
struct KernelTable {
  let networks: [Architecture]
  let images: Int
  let size: Int
  let timer: KernelTimer
  let machine: Machine

  func run() throws -> [KernelRow] {
    print("\nKernels: \(images) image\(images == 1 ? "" : "s") of \(size) px, threads: \(timer.threads), peak \(Int(peak)) GFLOP/s")
    print(KernelRow.header)
    var all = measured(.squareProduct)
    for network in networks {
      let rows = try LayerShape.all(of: network, size: size).flatMap(measured)
      printTotals(of: rows, network)
      all += rows
    }
    return all
  }

  private var peak: Double { timer.threads == 1 ? machine.peakOfOneCore : machine.peakOfAllCores }

  private func measured(_ shape: LayerShape) -> [KernelRow] {
    let rows = [SA_CONV_FORWARD, SA_CONV_BACKWARD_DATA, SA_CONV_BACKWARD_WEIGHTS].map { purpose in
      var row = timer.time(shape, purpose)
      row.shareOfPeak = row.rate / peak
      return row
    }
    print(KernelRow.line(rows))
    return rows
  }

  /// What all of a network's convolutions take together.
  private func printTotals(of rows: [KernelRow], _ network: Architecture) {
    let totals = KernelRow.Purpose.allCases.map { purpose in
      let rows = rows.filter { $0.purpose == purpose }
      let seconds = rows.map { $0.seconds * Double($0.layers) }.reduce(0, +)
      let gigaflop = rows.map { $0.gigaflop * Double($0.layers) }.reduce(0, +)
      return "\(purpose.rawValue) \(String(format: "%.2f ms, %.0f GFLOP/s", seconds * 1e3, gigaflop / seconds))"
    }
    print("\(network.rawValue), all convolutions: \(totals.joined(separator: "; "))")
  }
}
