import RandomStreams

/// Which scans go into which batch: decided before anything is loaded, from the records, the seed and the epoch alone.
public enum BatchOrder: Hashable, Sendable {
  case asGiven
  case shuffled(seed: UInt64, epoch: Int)
  /// Shuffled, and every batch from one scanner: for joint training of norm packs.
  case oneScannerPerBatch(seed: UInt64, epoch: Int)

  /// The batches in the order in which they are consumed. Shuffled orders don't depend on the order given.
  public func batches(of records: [ScanRecord], size: Int) -> [[ScanRecord]] {
    precondition(size >= 1, "a batch has at least one scan, not \(size)")
    switch self {
    case .asGiven: return chunks(records, size)
    case .shuffled(let seed, let epoch):
      var random = RandomStream(seed: seed, purpose: "batch order", epoch: epoch)
      return chunks(records.sorted { $0.id < $1.id }.shuffled(using: &random), size)
    case .oneScannerPerBatch(let seed, let epoch):
      var random = RandomStream(seed: seed, purpose: "batch order", epoch: epoch)
      let byScanner = Dictionary(grouping: records.sorted { $0.id < $1.id }, by: \.scanner)
      let batches = byScanner.keys.sorted().flatMap { chunks((byScanner[$0] ?? []).shuffled(using: &random), size) }
      return batches.shuffled(using: &random)
    }
  }

  private func chunks(_ records: [ScanRecord], _ size: Int) -> [[ScanRecord]] {
    stride(from: 0, to: records.count, by: size).map { Array(records[$0..<min($0 + size, records.count)]) }
  }
}
