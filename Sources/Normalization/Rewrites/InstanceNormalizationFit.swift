import Engine
import Graphs
import Tensors

/// A swap to instance normalization with what a look at the scans decides: the channels by their intraclass correlation, and gamma and
/// beta that leave each swapped channel's output with the mean and variance it had.
///
/// Layer after layer, so that each is judged on the input it will see: those before it are swapped and hold the statistics they will
/// have by then. Costs one forward pass, with `rematches` two.
package struct InstanceNormalizationFit {
  package let swap: InstanceNormalizationSwap
  /// Takes channels whose intraclass correlation is at least so much; nil takes the swap's.
  package let threshold: Double?
  package let rematches: Bool
  /// What BatchNorm channels that stay will store; nil keeps the source's.
  package let blend: StatisticsBlend?
  package let memoryLimit: Int

  package init(
    _ swap: InstanceNormalizationSwap, threshold: Double? = nil, rematches: Bool = false, blend: StatisticsBlend? = .targetOnly,
    memoryLimit: Int
  ) {
    self.swap = swap
    self.threshold = threshold
    self.rematches = rematches
    self.blend = blend
    self.memoryLimit = memoryLimit
  }

  /// What was decided about one layer.
  package struct Layer: Hashable, Sendable, Codable {
    package let name: String
    package let isInstance: [Bool]
    /// As measured; nil where channels weren't chosen by it.
    package let correlations: [Double]?
    /// Of every channel, changed in swapped ones; nil without rematching.
    package let gamma: [Float]?
    package let beta: [Float]?
  }

  /// - Throws: `RecalibrationError`, `InstanceSwapError`, `LayerSelectionError`, the engine's errors.
  package func layers(
    of graph: Graph, _ parameters: Parameters, input: FeatureShape, images: StatisticsImages, threads: Int? = nil
  ) throws -> [Layer] {
    let selected = try swap.selected(in: graph, input: input)
    let operations = Dictionary(uniqueKeysWithValues: graph.normalizations.map { ($0.name, $0.operation) })
    let batchLayers = graph.normalizations.filter { $0.operation.keepsStatistics }.map(\.name)
    let passed = Array(batchLayers[...batchLayers.lastIndex(of: selected[selected.count - 1])!])
    func pass(over layers: [String]) throws -> LayerSequentialPass {
      try LayerSequentialPass(
        graph: graph, parameters: parameters, input: input, layers: layers, memoryLimit: memoryLimit,
        threads: threads)
    }
    var before: [String: ChannelMoments] = [:]
    if rematches {
      var untouched = try pass(over: selected)
      try untouched.run(over: images, keeping: .nothing) { seen, _, _ in before[seen.layer] = seen.moments }
    }
    var found: [Layer] = []
    var sequential = try pass(over: passed)
    try sequential.run(over: images, keeping: blend?.asksForPatients == true ? .patientsAndScans : .scans) { seen, graph, parameters in
      if selected.contains(seen.layer) {
        let layer = try decided(seen, operations[seen.layer]!, parameters, before: before[seen.layer])
        found.append(layer)
        graph = graph.mapNormalizations { name, operation in
          name == layer.name ? InstanceNormalizationSwap.swapped(operation, layer.isInstance) : operation
        }
        layer.store(in: &parameters)
      }
      if let blend { parameters.setStatistics(try blend.stored(in: parameters, of: seen), of: seen.layer) }
    }
    if let threshold, !found.contains(where: { $0.isInstance.contains(true) }) {
      let largest = found.compactMap(\.correlations).flatMap(\.self).max() ?? 0
      throw InstanceSwapError(input: input, reason: .belowThreshold(threshold, largest: largest))
    }
    return found
  }

  private func decided(
    _ seen: LayerSequentialPass.LayerInput, _ operation: NormalizationOperator, _ parameters: Parameters, before: ChannelMoments?
  ) throws -> Layer {
    guard let scans = seen.scans else { preconditionFailure("\(seen.layer) is settled with its scans' moments") }
    var mask = swap.mask(of: seen.layer, channels: operation.channels)
    var correlations: [Double]?
    if let threshold {
      guard let measured = IntraclassCorrelation.values(scans) else {
        throw RecalibrationError.tooFewScans(layer: seen.layer, found: scans.count)
      }
      correlations = measured
      mask = zip(mask, measured).map { $0 && $1 >= threshold }
    }
    guard let before else { return Layer(name: seen.layer, isInstance: mask, correlations: correlations, gamma: nil, beta: nil) }
    let stored = parameters.statistics(of: seen.layer)
    var gamma = parameters[seen.layer, "weight"].values
    var beta = parameters[seen.layer, "bias"].values
    let rematch = AffineRematch(epsilon: Double(operation.epsilon))
    for channel in mask.indices where mask[channel] {
      let matched = rematch.rematched(
        .init(
          gamma: Double(gamma[channel]), beta: Double(beta[channel]), storedMean: stored.mean[channel],
          storedVariance: stored.variance[channel], mean: before.mean[channel], variance: before.biasedVariance[channel]),
        within: scans.map { $0.m2[channel] / $0.count })
      (gamma[channel], beta[channel]) = (Float(matched.gamma), Float(matched.beta))
    }
    return Layer(name: seen.layer, isInstance: mask, correlations: correlations, gamma: gamma, beta: beta)
  }
}

extension InstanceNormalizationFit.Layer {
  /// Puts gamma and beta, where they were rematched, in their place.
  package func store(in parameters: inout Parameters) {
    guard let gamma, let beta else { return }
    parameters[name, "weight"] = Tensor(shape: [gamma.count], values: gamma)
    parameters[name, "bias"] = Tensor(shape: [beta.count], values: beta)
  }
}
