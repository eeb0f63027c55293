import Foundation

/// Everything a run measured, as JSON holds it.
struct BenchReport: Encodable {
  let format = 1
  var machine: Machine
  var kernels: [KernelRow] = []
  var networks: [NetworkRow] = []
  var latency: [NetworkRow] = []
  var scaling: [ScalingTable.Series] = []
  var scans: [ComparisonRow] = []
  var memory: [ComparisonRow] = []

  func write(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try encoder.encode(self).write(to: URL(fileURLWithPath: path), options: .atomic)
  }
}
