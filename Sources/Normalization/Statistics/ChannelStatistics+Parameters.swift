import Graphs
import Tensors

extension Parameters {
  /// The running statistics a normalization holds; traps where it keeps none.
  public func statistics(of layer: String) -> ChannelStatistics {
    ChannelStatistics(
      mean: self[layer, "running_mean"].values.map(Double.init), variance: self[layer, "running_var"].values.map(Double.init))
  }

  /// Stores running statistics, rounded to Float32 once.
  public mutating func setStatistics(_ statistics: ChannelStatistics, of layer: String) {
    let shape: Shape = [statistics.channels]
    self[layer, "running_mean"] = Tensor(shape: shape, values: statistics.mean.map(Float.init))
    self[layer, "running_var"] = Tensor(shape: shape, values: statistics.variance.map(Float.init))
  }
}
