import RandomStreams

/// Which scans each step of an epoch sees: a function of (seed, epoch) and the number of scans alone.
struct EpochOrder {
  let batches: [[Int]]

  /// - Parameter dropsSingle: whether a last batch of one scan is dropped (batch statistics).
  init(count: Int, batchSize: Int, seed: UInt64, epoch: Int, dropsSingle: Bool) {
    var stream = RandomStream(seed: seed, purpose: "training order", epoch: epoch)
    let order = Array(0..<count).shuffled(using: &stream)
    var batches: [[Int]] = []
    for start in stride(from: 0, to: count, by: batchSize) { batches.append(Array(order[start..<min(start + batchSize, count)])) }
    if dropsSingle, batches.count > 1, batches.last?.count == 1 { batches.removeLast() }
    self.batches = batches
  }
}
