import CKernels

/// The batch's loss and, unless nothing needs it, its gradient with respect to the logits.
struct LossStep: Step {
  let node: String
  let loss: Loss
  let logits: MapReference
  let gradient: MapReference
  /// Room for one Double.
  let value: BufferID
  let images: Int

  var kernel: String { "cross-entropy" }
  var reads: [BufferID] { [logits.buffer] }
  var writes: [BufferID] { [gradient.buffer, value] }
  var bytesMoved: Double { 2 * logits.byteCount(images: images) }

  func run(_ run: borrowing Run) {
    switch loss {
    case .crossEntropy(let classWeights, let labelSmoothing):
      let (dy, y) = (run.map(gradient), run.map(logits))
      run.doubles(value)[0] = run.targets.withUnsafeBufferPointer { targets in
        guard let classWeights else { return sa_cross_entropy(dy, y, targets.baseAddress!, nil, labelSmoothing) }
        return classWeights.withUnsafeBufferPointer {
          sa_cross_entropy(dy, y, targets.baseAddress!, $0.baseAddress!, labelSmoothing)
        }
      }
    }
  }
}
