import Graphs

/// Turns BatchNorm layers, or some channels of them, into instance normalization: each image and channel by its own mean and variance,
/// gamma and beta kept.
///
/// Running statistics of wholly swapped layers are dropped from the graph, so that none can be used by mistake: the widely copied snippet
/// for PyTorch keeps `track_running_stats`, goes on using the source's statistics in eval mode, and changes nothing. Untrained it is
/// already another network; its affine parameters may then be trained.
public struct InstanceNormalizationSwap: Hashable, Sendable, Codable {
  /// Which channels of a chosen layer are normalized image by image.
  public enum Channels: Hashable, Sendable, Codable {
    case all
    /// The first half, the rest stays BatchNorm (IBN, Pan et al. 2018).
    case firstHalf
    /// By layer; a layer that isn't named stays as it is.
    case marked([String: [Bool]])
  }

  public let layers: LayerSelector
  /// Only layers on the first so many sizes of maps: a stage is what works at one resolution. Nil takes all.
  public let stages: Int?
  public let channels: Channels

  public init(layers: LayerSelector = .all, stages: Int? = nil, channels: Channels = .all) {
    self.layers = layers
    self.stages = stages
    self.channels = channels
  }

  public var expectation: RewriteExpectation { .changesOutput }

  /// The layers that may be swapped, in node order.
  /// - Throws: `LayerSelectionError` where there are none or a pattern matches none; `InstanceSwapError`.
  public func selected(in graph: Graph, input: FeatureShape) throws -> [String] {
    let batchLayers = graph.normalizations.filter { $0.operation.keepsStatistics }.map(\.name)
    let shapes = try graph.shapes(input: input)
    var chosen = try layers.select(from: batchLayers)
    if let stages {
      var sizes: [Int] = []
      for layer in batchLayers where !sizes.contains(shapes[layer]!.pixels) { sizes.append(shapes[layer]!.pixels) }
      guard (1...sizes.count).contains(stages) else {
        throw InstanceSwapError(input: input, reason: .stages(asked: stages, found: sizes.count))
      }
      chosen = chosen.filter { sizes.prefix(stages).contains(shapes[$0]!.pixels) }
      guard !chosen.isEmpty else { throw InstanceSwapError(input: input, reason: .noLayerInStages(stages)) }
    }
    let pointwise = chosen.filter { shapes[$0]!.pixels == 1 }
    guard pointwise.isEmpty else { throw InstanceSwapError(layers: pointwise, input: input) }
    return chosen
  }

  /// The rewritten graph; `parameters.matching(graph.parameters)` fits the values to it.
  ///
  /// - Parameter input: the shape of one image, which decides the size of each layer's maps.
  /// - Throws: `LayerSelectionError`; `InstanceSwapError` for a layer on 1×1 maps, where every image would become beta, and where no
  ///   channel is marked; `GraphError`.
  public func applied(to graph: Graph, input: FeatureShape) throws -> Graph {
    let chosen = Set(try selected(in: graph, input: input))
    let swapped = graph.mapNormalizations { name, operation in
      chosen.contains(name) ? Self.swapped(operation, mask(of: name, channels: operation.channels)) : operation
    }
    guard swapped != graph else { throw InstanceSwapError(input: input, reason: .nothingMarked) }
    return swapped
  }

  /// The channels of a chosen layer to swap.
  func mask(of layer: String, channels count: Int) -> [Bool] {
    switch channels {
    case .all: [Bool](repeating: true, count: count)
    case .firstHalf: (0..<count).map { $0 < count / 2 }
    case .marked(let masks): masks[layer] ?? [Bool](repeating: false, count: count)
    }
  }

  /// A normalization with these channels per image, beside those that are already.
  static func swapped(_ operation: NormalizationOperator, _ mask: [Bool]) -> NormalizationOperator {
    var mask = mask
    if case .perChannel(let already) = operation.grouping { mask = zip(mask, already).map { $0 || $1 } }
    guard mask.contains(true) else { return operation }
    if !mask.contains(false) {
      return NormalizationOperator(
        channels: operation.channels, grouping: .instance, epsilon: operation.epsilon, trainingSource: .batch, inferenceSource: .batch,
        updatesStored: nil)
    }
    var partial = operation
    partial.grouping = .perChannel(isInstance: mask)
    return partial
  }
}

/// A swap that can't be done.
public struct InstanceSwapError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Reason: Hashable, Sendable {
    /// Maps of one pixel: instance normalization would give beta for every image.
    case onePixel(layers: [String])
    case stages(asked: Int, found: Int)
    /// The layer patterns name none of the first stages' layers.
    case noLayerInStages(Int)
    /// No channel of any layer is to be swapped.
    case nothingMarked
    /// No channel's intraclass correlation is as large as was asked for.
    case belowThreshold(Double, largest: Double)
  }

  public let input: FeatureShape
  public let reason: Reason

  package init(input: FeatureShape, reason: Reason) {
    self.input = input
    self.reason = reason
  }

  package init(layers: [String], input: FeatureShape) { self.init(input: input, reason: .onePixel(layers: layers)) }

  public var description: String {
    switch reason {
    case .onePixel(let layers):
      "found 1×1 maps at \(layers.joined(separator: ", ")) for a \(input) input; expected more than one pixel, because instance "
        + "normalization of a single pixel gives the same value for every image: leave these layers out, or use larger scans"
    case .stages(let asked, let found):
      "found \(found) sizes of maps under normalizations for a \(input) input; expected 1 to \(found) stages, not \(asked)"
    case .noLayerInStages(let stages):
      "found none of the chosen normalizations in the first \(stages) stages (sizes of maps); expected at least one"
    case .belowThreshold(let threshold, let largest):
      "found no channel with an intraclass correlation of \(threshold) or more (the largest is \(largest)); expected at least one: "
        + "a lower threshold, or other layers"
    case .nothingMarked: "found no channel to normalize image by image; expected at least one"
    }
  }
}
