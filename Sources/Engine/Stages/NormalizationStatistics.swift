import CKernels
import Graphs

/// Whose mean and variance each channel of a normalization is normalized by.
struct NormalizationStatistics: Hashable, Sendable {
  enum Extent: Hashable, Sendable {
    /// The running statistics.
    case stored
    /// All images and pixels of the batch.
    case batch
    /// One image; with `channelsTogether` channels.
    case image
  }

  private let shared: Extent
  /// Channels that are normalized per image beside the others; nil where all are alike.
  let isInstance: [Bool]?
  /// Channels that share a mean and variance within an image.
  let channelsTogether: Int

  init(_ operation: NormalizationOperator, source: NormalizationOperator.Source) {
    let kept: Extent = source == .stored ? .stored : .batch
    switch operation.grouping {
    case .batch: (shared, isInstance, channelsTogether) = (kept, nil, 1)
    case .instance: (shared, isInstance, channelsTogether) = (.image, nil, 1)
    case .group(let count): (shared, isInstance, channelsTogether) = (.image, nil, operation.channels / count)
    case .perChannel(let isInstance): (shared, self.isInstance, channelsTogether) = (kept, isInstance, 1)
    }
  }

  subscript(channel: Int) -> Extent { isInstance?[channel] == true ? .image : shared }

  /// Scale and shift are known before the run.
  var isStored: Bool { shared == .stored && isInstance == nil }
  var usesBatch: Bool { shared == .batch }

  /// Sets of coefficients: one for all images, or one for each.
  func rows(images: Int) -> Int { shared == .image || isInstance != nil ? images : 1 }
}

/// From moments to `scale = gamma * inverse`, `shift = beta - mean * scale`; leaves mean and inverse deviation for the backward pass.
struct CoefficientsStep: Step {
  let node: String
  let operation: NormalizationOperator
  let statistics: NormalizationStatistics
  let moments: MomentsReference
  let pixels: Int
  let images: Int
  /// scale, shift, mean: rows × channels floats each.
  let coefficients: BufferID
  /// mean, 1 / sqrt(variance + epsilon): rows × channels doubles each.
  let used: BufferID

  var kernel: String { "normalization coefficients" }
  var reads: [BufferID] { [moments.buffer] }
  var writes: [BufferID] { [coefficients, used] }
  var bytesMoved: Double { 0 }

  func run(_ run: borrowing Run) {
    let channels = operation.channels
    let rows = statistics.rows(images: images)
    let gamma = run.parameters.pointer(ParameterID(path: node, field: "weight"))
    let beta = run.parameters.pointer(ParameterID(path: node, field: "bias"))
    let target = run.floats(coefficients)
    let used = run.doubles(used)
    let (means, m2) = (run.means(moments), run.m2(moments))
    for row in 0..<rows {
      for channel in 0..<channels {
        let (mean, variance) = meanAndVariance(run, means, m2, row: row, channel: channel)
        let inverse = 1 / (variance + Double(operation.epsilon)).squareRoot()
        let scale = Double(gamma[channel]) * inverse
        let place = row * channels + channel
        target[place] = Float(scale)
        target[rows * channels + place] = Float(Double(beta[channel]) - mean * scale)
        target[2 * rows * channels + place] = Float(mean)
        used[place] = mean
        used[rows * channels + place] = inverse
      }
    }
  }

  /// The biased variance normalizes, except the stored one, which is unbiased. As PyTorch.
  private func meanAndVariance(
    _ run: borrowing Run, _ means: UnsafePointer<Double>, _ m2: UnsafePointer<Double>, row: Int, channel: Int
  ) -> (Double, Double) {
    switch statistics[channel] {
    case .stored:
      return (
        Double(run.parameters.pointer(ParameterID(path: node, field: "running_mean"))[channel]),
        Double(run.parameters.pointer(ParameterID(path: node, field: "running_var"))[channel])
      )
    case .batch: return merged(means, m2, first: channel, count: images, step: operation.channels)
    case .image:
      let first = channel / statistics.channelsTogether * statistics.channelsTogether
      return merged(means, m2, first: row * operation.channels + first, count: statistics.channelsTogether, step: 1)
    }
  }

  /// Chan's formula over cells of equal count, in order.
  private func merged(
    _ means: UnsafePointer<Double>, _ m2: UnsafePointer<Double>, first: Int, count cells: Int, step: Int
  ) -> (Double, Double) {
    var (count, mean, squares) = (Double(pixels), means[first], m2[first])
    for index in 1..<max(cells, 1) {
      let cell = first + index * step
      let total = count + Double(pixels)
      let difference = means[cell] - mean
      mean += difference * Double(pixels) / total
      squares += m2[cell] + difference * difference * count * Double(pixels) / total
      count = total
    }
    return (mean, squares / count)
  }
}
