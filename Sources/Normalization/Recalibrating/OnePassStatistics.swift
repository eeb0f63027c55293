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

  /// Each layer's pooled moments, in the order of `layers`, those of each patient where asked for, and the scans that could be read.
  package func moments(
    of images: StatisticsImages, byPatient: Bool = false, progress: (Int) -> Void = { _ in }
  ) throws -> (moments: [ChannelMoments], patients: [[ChannelMoments]?], scans: [StatisticsImages.Scan]) {
    let chosen = Set(layers)
    let batchwise = graph.mapNormalizations { name, operation in
      var operation = operation
      if chosen.contains(name) { operation.inferenceSource = .batch }
      return operation
    }
    let producers = layers.map { graph[$0]!.inputs[0] }
    let part = try batchwise.upTo(inputsOf: layers)
    let executor = try Executor(
      graph: part, parameters: parameters, input: input, purpose: .inference(observing: Set(producers)), threads: threads)
    var sum = MomentSum(keeping: byPatient ? .patients : .nothing)
    var scans: [StatisticsImages.Scan] = []
    for range in images.chunks(atMost: batchSize) {
      let loaded = try images.load(range)
      guard let maps = loaded.maps else { continue }
      let outcome = try executor.run([graph.inputNodes[0]: maps])
      for node in Set(producers).sorted() { try sum.add(outcome.moments[node]!, at: node, of: loaded.scans) }
      scans += loaded.scans
      progress(scans.count)
    }
    guard !scans.isEmpty else { throw RecalibrationError.noScans(listed: images.listed) }
    return (producers.map { sum.moments[$0]! }, producers.map { sum.patients(at: $0) }, scans)
  }
}
