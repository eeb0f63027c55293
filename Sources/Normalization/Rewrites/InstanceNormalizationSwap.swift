import Graphs

/// Turns BatchNorm layers into instance normalization: each image and channel by its own mean and variance, gamma and beta kept.
///
/// Running statistics are dropped from the graph, so that none can be used by mistake: the widely copied snippet for PyTorch keeps
/// `track_running_stats`, goes on using the source's statistics in eval mode, and changes nothing. Untrained it is already another
/// network; its affine parameters may then be trained.
public struct InstanceNormalizationSwap: Hashable, Sendable, Codable {
  public let layers: LayerSelector

  public init(layers: LayerSelector = .all) { self.layers = layers }

  public var expectation: RewriteExpectation { .changesOutput }

  /// The rewritten graph; `parameters.matching(graph.parameters)` fits the values to it.
  ///
  /// - Parameter input: the shape of one image, which decides the size of each layer's maps.
  /// - Throws: `LayerSelectionError`; `InstanceSwapError` for a layer on 1×1 maps, where every image would become beta; `GraphError`.
  public func applied(to graph: Graph, input: FeatureShape) throws -> Graph {
    let batchLayers = graph.normalizations.filter { $0.operation.keepsStatistics }.map(\.name)
    let chosen = Set(try layers.select(from: batchLayers))
    let shapes = try graph.shapes(input: input)
    let pointwise = batchLayers.filter { chosen.contains($0) && shapes[$0]!.pixels == 1 }
    guard pointwise.isEmpty else { throw InstanceSwapError(layers: pointwise, input: input) }
    return graph.mapNormalizations { name, operation in
      guard chosen.contains(name) else { return operation }
      return NormalizationOperator(
        channels: operation.channels, grouping: .instance, epsilon: operation.epsilon, trainingSource: .batch, inferenceSource: .batch,
        updatesStored: nil)
    }
  }
}

/// Layers whose maps are 1×1: instance normalization would give beta for every image.
public struct InstanceSwapError: Error, Hashable, Sendable, CustomStringConvertible {
  public let layers: [String]
  public let input: FeatureShape

  package init(layers: [String], input: FeatureShape) {
    self.layers = layers
    self.input = input
  }

  public var description: String {
    "found 1×1 maps at \(layers.joined(separator: ", ")) for a \(input) input; expected more than one pixel, because instance "
      + "normalization of a single pixel gives the same value for every image: leave these layers out, or use larger scans"
  }
}
