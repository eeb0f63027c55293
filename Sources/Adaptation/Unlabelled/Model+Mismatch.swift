import Graphs
import ModelFiles
import Normalization

extension Model {
  /// The mean symmetric KL of a normalization's channels between these statistics and another model's.
  func mismatch(of layer: String, from other: Model) -> Double {
    let epsilon = graph.normalizations.first { $0.name == layer }.map { Double($0.operation.epsilon) } ?? 0
    let channels = MismatchMeasure.symmetricKL.values(
      source: parameters.statistics(of: layer), target: other.parameters.statistics(of: layer), epsilon: epsilon)
    return channels.reduce(0, +) / Double(max(channels.count, 1))
  }
}
