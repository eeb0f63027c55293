import Graphs
import Tensors

/// A normalization whose running statistics take in the batch's once a step has succeeded.
struct StatisticsUpdate: Sendable {
  let path: String
  let momentum: Float
  let moments: MomentsReference
  let pixels: Int
  /// Channels that are normalized per image keep their stored values; nil where there are none.
  let isInstance: [Bool]?
}

extension Parameters {
  /// `running = (1 - momentum) * running + momentum * batch`, with the unbiased variance. As PyTorch, `num_batches_tracked` included.
  mutating func take(_ update: StatisticsUpdate, images: Int, at addresses: [UnsafeMutableRawPointer?]) {
    let report = Program.Report(name: update.path, moments: update.moments, pixels: update.pixels)
    guard let batch = ChannelMoments.merged(ChannelMoments.perImage(report, images: images, at: addresses)),
      let variance = batch.unbiasedVariance
    else { return }
    blend(batch.mean, into: ParameterID(path: update.path, field: "running_mean"), update)
    blend(variance, into: ParameterID(path: update.path, field: "running_var"), update)
    if let tracked = batchesTracked[update.path] { batchesTracked[update.path] = tracked + 1 }
  }

  private mutating func blend(_ batch: [Double], into id: ParameterID, _ update: StatisticsUpdate) {
    let momentum = Double(update.momentum)
    withMutableValues(of: id) { running in
      for channel in running.indices where update.isInstance?[channel] != true {
        running[channel] = Float((1 - momentum) * Double(running[channel]) + momentum * batch[channel])
      }
    }
  }
}
