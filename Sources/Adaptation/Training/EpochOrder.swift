import RandomStreams

/// Which scans each step of an epoch sees: a function of (seed, epoch) and the number of scans alone.
package struct EpochOrder {
  package let batches: [[Int]]

  /// - Parameter scanners: each scan's, where a batch holds one scanner's; nil lets scanners mix.
  init(count: Int, scanners: [Int]?, configuration: TrainingConfiguration, epoch: Int, dropsSingle: Bool) {
    let (size, seed) = (configuration.batchSize, configuration.seed)
    self =
      if let scanners {
        EpochOrder(scanners: scanners, batchSize: size, seed: seed, epoch: epoch, dropsSingle: dropsSingle)
      } else {
        EpochOrder(count: count, batchSize: size, seed: seed, epoch: epoch, dropsSingle: dropsSingle)
      }
  }

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
