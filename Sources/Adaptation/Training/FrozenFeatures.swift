import Cohorts
import Engine
import Files
import Graphs
import ModelFiles

/// The tensors at the end of a frozen prefix, for some scans: computed once, kept in memory or in a scratch file.
final class FrozenFeatures {
  private enum Store {
    /// By frontier tensor, in the records' order.
    case memory([String: FeatureMaps])
    /// Scan after scan, each tensor of the frontier in its order.
    case file(ScratchFile)
  }

  private let cut: FrozenPrefix
  private var store: Store
  let count: Int

  /// - Parameter folder: for a scratch file; nil keeps them in memory.
  init(
    _ cut: FrozenPrefix, model: Model, records: [ScanRecord], budget: ComputeBudget, scans: RunScans, spillingTo folder: String? = nil
  ) throws {
    precondition(cut.prefix != nil, "the prefix is empty")
    self.cut = cut
    count = records.count
    let executor = try Executor(graph: cut.prefix!, parameters: model.parameters, input: model.card.inputShape, threads: budget.threads)
    let file = try folder.map { folder throws(FileError) in try ScratchFile(in: folder) }
    var parts: [String: [FeatureMaps]] = [:]
    var first = 0
    try scans.forEachBatch(records.chunked(by: budget.inferenceBatch)) { _, images in
      let outputs = try executor.run([model.input: images]).outputs
      if let file {
        try Self.write(outputs, from: first, cut, to: file)
      } else {
        for name in cut.frontier { parts[name, default: []].append(outputs[name]!) }
      }
      first += images.count
      return true
    }
    store = file.map { .file($0) } ?? .memory(parts.mapValues { FeatureMaps.joined($0) })
  }

  /// The tensors of the scans at `positions`, in that order.
  func items(at positions: [Int]) throws -> [String: FeatureMaps] {
    switch store {
    case .memory(let maps): return maps.mapValues { $0.items(at: positions) }
    case .file(let file):
      var offset = 0
      var result: [String: FeatureMaps] = [:]
      for name in cut.frontier {
        let shape = cut.shapes[name]!
        let bytes = FeatureMaps.byteCount(of: shape)
        result[name] = try FeatureMaps(count: positions.count, shape: shape) { buffer throws(FileError) in
          for (row, position) in positions.enumerated() {
            let target = UnsafeMutableRawBufferPointer(rebasing: buffer[(row * bytes)..<((row + 1) * bytes)])
            try file.read(into: target, at: position * cut.bytesPerScan + offset)
          }
        }
        offset += bytes
      }
      return result
    }
  }

  private static func write(_ outputs: [String: FeatureMaps], from first: Int, _ cut: FrozenPrefix, to file: ScratchFile) throws(FileError)
  {
    var offset = 0
    for name in cut.frontier {
      let bytes = FeatureMaps.byteCount(of: cut.shapes[name]!)
      try outputs[name]!.withUnsafeBytes { all throws(FileError) in
        for row in 0..<(all.count / bytes) {
          let source = UnsafeRawBufferPointer(rebasing: all[(row * bytes)..<((row + 1) * bytes)])
          try file.write(source, at: (first + row) * cut.bytesPerScan + offset)
        }
      }
      offset += bytes
    }
  }
}
