import Cohorts
import Engine
import Graphs
import ModelFiles

/// Re-estimation of the normalizations' statistics on a scanner's training scans: no label, no gradient.
///
/// Li et al. 2016 (AdaBN). What the statistics are is fixed by the set of scans alone for `.layerSequential`: batch size, order and
/// sharding change no bit of the pooled moments.
public struct Recalibration: Sendable, Hashable, Codable {
  public enum Method: Sendable, Hashable, Codable {
    /// Each layer's statistics on the input it will see at inference.
    case layerSequential
    /// Each layer sees input normalized by batches of this size; the common way, and it depends on them.
    case onePass(batchSize: Int)
  }

  public var method: Method
  public var layers: LayerSelector
  public var blend: StatisticsBlend
  /// At most this many scans, balanced over patients; nil takes all.
  public var statisticsScans: Int?
  /// Bytes that the tensors kept between layers may take. Another budget may rest at other cuts, which fuse other steps: it changes
  /// float rounding, nothing else.
  public var memoryLimit: Int
  /// For the choice of `statisticsScans`.
  public var seed: UInt64

  public init(
    method: Method = .layerSequential, layers: LayerSelector = .all, blend: StatisticsBlend = .targetOnly, statisticsScans: Int? = nil,
    memoryLimit: Int = 2 << 30, seed: UInt64 = 0
  ) {
    self.method = method
    self.layers = layers
    self.blend = blend
    self.statisticsScans = statisticsScans
    self.memoryLimit = memoryLimit
    self.seed = seed
  }

  public var expectation: RewriteExpectation { .changesOutput }

  /// Images per run of the engine; the result doesn't depend on it.
  private static let chunkSize = 16

  /// Takes and stores the statistics of images already in content-hash order.
  package func run(
    on model: Model, images: StatisticsImages, threads: Int? = nil, progress: (RecalibrationProgress) -> Void = { _ in }
  ) throws -> (parameters: Parameters, layers: [LayerRecalibration], scans: [StatisticsImages.Scan], forwardPasses: Double) {
    let chosen = try layers.select(from: model.graph.recalibratableLayers)
    switch method {
    case .layerSequential:
      var pass = try LayerSequentialPass(
        graph: model.graph, parameters: model.parameters, input: model.card.inputShape, layers: chosen, blend: blend,
        memoryLimit: memoryLimit, chunkSize: Self.chunkSize, threads: threads)
      let estimates = try pass.run(over: images) { progress(.layers(done: $0, of: chosen.count)) }
      let whole = try Program(graph: model.graph, inputs: model.inputs, batch: 1, purpose: .inference()).floatingPointOperations
      return (
        pass.parameters, estimates.map { LayerRecalibration($0.layer, $0.moments, before: model.parameters, stored: $0.stored) },
        pass.scans, pass.operations / whole
      )
    case .onePass(let batchSize):
      let pass = OnePassStatistics(
        graph: model.graph, parameters: model.parameters, input: model.card.inputShape, layers: chosen, batchSize: batchSize,
        threads: threads)
      let (moments, patients, scans) = try pass.moments(of: images, byPatient: blend.asksForPatients) {
        progress(.scans(done: $0, of: images.listed))
      }
      var parameters = model.parameters
      let layers = try chosen.indices.map { index in
        let (layer, moments) = (chosen[index], moments[index])
        guard let target = ChannelStatistics(moments) else {
          throw RecalibrationError.tooFewValues(layer: layer, count: Int(moments.count))
        }
        let stored = try blend.blend(
          source: model.parameters.statistics(of: layer), target: .init(target, scans: scans.count, patients: patients[index]),
          layer: layer)
        parameters.setStatistics(stored, of: layer)
        return LayerRecalibration(layer, moments, before: model.parameters, stored: stored)
      }
      return (parameters, layers, scans, 1)
    }
  }
}

/// How far a recalibration has come.
public enum RecalibrationProgress: Sendable, Hashable {
  case layers(done: Int, of: Int)
  case scans(done: Int, of: Int)
}
