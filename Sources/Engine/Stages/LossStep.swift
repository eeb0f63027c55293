import CKernels

/// The batch's loss and, unless nothing needs it, its gradient with respect to the logits.
struct LossStep: Step {
  let node: String
  let loss: Loss
  let logits: MapReference
  let gradient: MapReference
  /// Room for two Doubles: the loss, and the images that it is a mean over.
  let value: BufferID
  let images: Int

  var kernel: String {
    switch loss {
    case .crossEntropy: "cross-entropy"
    case .binaryCrossEntropy: "binary cross-entropy"
    case .entropy: "entropy"
    }
  }
  var reads: [BufferID] { [logits.buffer] }
  var writes: [BufferID] { [gradient.buffer, value] }
  var bytesMoved: Double { 2 * logits.byteCount(images: images) }

  func run(_ run: borrowing Run) {
    let (dy, y) = (run.map(gradient), run.map(logits))
    let results = run.doubles(value)
    results[1] = Double(run.targets.count { $0 >= 0 })
    results[0] = run.targets.withUnsafeBufferPointer { targets in
      switch loss {
      case .crossEntropy(let weights, let smoothing):
        return withAddress(of: weights) { sa_cross_entropy(dy, y, targets.baseAddress!, $0, smoothing) }
      case .binaryCrossEntropy(let weights, let smoothing):
        return withAddress(of: weights) { sa_binary_cross_entropy(dy, y, targets.baseAddress!, $0, smoothing) }
      case .entropy(let limit):
        var counted = 0
        let loss = sa_entropy(dy, y, limit, &counted)
        results[1] = Double(counted)
        return loss
      }
    }
  }

  private func withAddress(of weights: [Float]?, _ body: (UnsafePointer<Float>?) -> Double) -> Double {
    guard let weights else { return body(nil) }
    return weights.withUnsafeBufferPointer { body($0.baseAddress) }
  }
}
