import Engine
import Graphs

/// The common way to re-estimate statistics: one pass in which every chosen normalization sees input that the earlier ones
/// normalized by their own batch, so that the result depends on how scans fall into batches.
///
/// Moments are still pooled exactly over all scans, where PyTorch's running averages weigh batches. Batches are runs of scans in
/// content-hash order, of nearly equal size.
package struct OnePassStatistics {
  package let graph: Graph
  package let parameters: Parameters
  package let input: FeatureShape
  package let layers: [String]
  package let batchSize: Int
  package let threads: Int?

  package init(graph: Graph, parameters: Parameters, input: FeatureShape, layers: [String], batchSize: Int, threads: Int? = nil) {
    self.graph = graph
    self.parameters = parameters
    self.input = input
    self.layers = layers
    self.batchSize = batchSize
    self.threads = threads
  }

  /// Each layer's pooled moments, in the order of `layers`.
  package func moments(of images: StatisticsImages) throws -> [ChannelMoments] {
    let chosen = Set(layers)
    let batchwise = graph.mapNormalizations { name, operation in
      var operation = operation
      if chosen.contains(name) { operation.inferenceSource = .batch }
      return operation
    }
    let producers = layers.map { graph[$0]!.inputs[0] }
    let executor = try Executor(
      graph: batchwise, parameters: parameters, input: input, purpose: .inference(observing: Set(producers)), threads: threads)
    var found: [String: ChannelMoments] = [:]
    for range in images.chunks(atMost: batchSize) {
      let outcome = try executor.run([graph.inputNodes[0]: images.load(range)])
      for (node, perScan) in outcome.moments {
        for (offset, moments) in perScan.enumerated() {
          guard moments.mean.allSatisfy(\.isFinite), moments.m2.allSatisfy(\.isFinite) else {
            throw RecalibrationError.nonFinite(layer: node, scan: images.names[range.lowerBound + offset])
          }
          found[node, default: ChannelMoments(channels: moments.channels)].merge(moments)
        }
      }
    }
    return producers.map { found[$0]! }
  }
}
