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

extension TrainingScans {
  /// At most `count` scans, taken in turn from patients in a seeded order, so that no patient speaks louder than another:
  /// `--statistics-scans N`.
  public func balancedByPatient(count: Int, seed: UInt64) -> TrainingScans {
    guard count < records.count else { return self }
    var random = RandomStream(seed: seed, purpose: "statistics scans")
    let byPatient = Dictionary(grouping: records.sorted { $0.id < $1.id }, by: \.patient)
    let queues = byPatient.keys.sorted().shuffled(using: &random).map { (byPatient[$0] ?? []).shuffled(using: &random) }
    var chosen: Set<ScanID> = []
    var round = 0
    while chosen.count < count {
      for queue in queues where round < queue.count && chosen.count < count { chosen.insert(queue[round].id) }
      round += 1
    }
    return filtered { chosen.contains($0.id) }
  }
}
