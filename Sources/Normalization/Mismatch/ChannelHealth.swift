import Engine
import Foundation
import Graphs
import ModelFiles

/// Channels of one layer that carry nothing on a scanner, or that the scanner drove out of the range where they do.
///
/// After a normalization with stored statistics, a channel is taken as Gaussian with mean `gamma (mu_t - mu) / sd + beta` and deviation
/// `|gamma| sd_t / sd`; on the source those are beta and |gamma|. Out of range is three deviations.
public struct ChannelHealth: Sendable, Hashable, Codable {
  public let layer: String
  public let channels: Int
  /// Never vary on this scanner.
  public let dead: [Int]
  /// Below zero before a ReLU on this scanner, and not on the source: the layers after it no longer see them.
  public let silenced: [Int]
  /// Above six before a ReLU6 on this scanner, and not on the source.
  public let saturated: [Int]

  /// Every layer that keeps statistics, in depth order.
  public static func layers(of model: Model, seeing moments: PatientMoments) -> [ChannelHealth] {
    let readers = model.graph.readers
    return zip(moments.layers, moments.pooled).map { name, pooled in
      let stored = model.parameters.statistics(of: name)
      guard case .normalization(let operation)? = model.graph[name]?.operation else { preconditionFailure("\(name) is a normalization") }
      let activations = (readers[name] ?? []).compactMap { reader -> ActivationOperator? in
        if case .activation(let activation) = model.graph[reader]!.operation { activation } else { nil }
      }
      let id = { (field: String) in ParameterID(path: name, field: field) }
      let gamma = model.parameters.contains(id("weight")) ? model.parameters[name, "weight"].values.map(Double.init) : nil
      let beta = model.parameters.contains(id("bias")) ? model.parameters[name, "bias"].values.map(Double.init) : nil
      var (silenced, saturated): ([Int], [Int]) = ([], [])
      for channel in 0..<pooled.channels {
        let deviation = (stored.variance[channel] + Double(operation.epsilon)).squareRoot()
        let scale = gamma?[channel] ?? 1
        let middle = beta?[channel] ?? 0
        let here = middle + scale * (pooled.mean[channel] - stored.mean[channel]) / deviation
        let spread = abs(scale) * pooled.biasedVariance[channel].squareRoot() / deviation
        guard spread > 0, !activations.isEmpty else { continue }
        if activations.allSatisfy({ $0 == .relu || $0 == .relu6 }), here + 3 * spread < 0, middle + 3 * abs(scale) >= 0 {
          silenced.append(channel)
        }
        if activations.allSatisfy({ $0 == .relu6 }), here - 3 * spread > 6, middle - 3 * abs(scale) <= 6 { saturated.append(channel) }
      }
      return ChannelHealth(
        layer: name, channels: pooled.channels, dead: pooled.biasedVariance.indices.filter { pooled.biasedVariance[$0] == 0 },
        silenced: silenced, saturated: saturated)
    }
  }
}
