import Graphs
import Normalization
import Testing

@Suite("BatchNorm to instance normalization")
struct InstanceNormalizationSwapTests {
  /// Two convolutions with BatchNorm; the second sees 1×1 maps for 4×4 images.
  static func network() throws -> Graph {
    try Graph(
      nodes: [
        Node("input", .input(InputOperator(channels: 1))),
        Node("conv1", .convolution(ConvolutionOperator(1, 8, kernel: 3)), ["input"]),
        Node("bn1", .normalization(NormalizationOperator(channels: 8, epsilon: 1e-3)), ["conv1"]),
        Node("conv2", .convolution(ConvolutionOperator(8, 8, kernel: 4, padding: 0)), ["bn1"]),
        Node("bn2", .normalization(NormalizationOperator(channels: 8)), ["conv2"]),
        Node("pool", .globalAveragePooling, ["bn2"]),
        Node("fc", .linear(LinearOperator(inputFeatures: 8, outputFeatures: 2)), ["pool"]),
      ], outputs: ["fc"], features: "pool")
  }

  @Test("Gamma, beta and epsilon stay; running statistics are no longer declared")
  func keepsAffine() throws {
    let graph = try InstanceNormalizationSwap().applied(to: Self.network(), input: FeatureShape(channels: 1, height: 8, width: 8))
    let fields = graph.parameters.filter { $0.id.path.hasPrefix("bn") }.map(\.id.description)
    #expect(fields == ["bn1.weight", "bn1.bias", "bn2.weight", "bn2.bias"])
    #expect(graph.normalizations.map(\.operation.epsilon) == [1e-3, 1e-5])
    #expect(graph.normalizations.allSatisfy { $0.operation.grouping == .instance })
  }

  @Test("A layer on 1×1 maps is refused by name, and can be left out")
  func refusesPixels() throws {
    let input = FeatureShape(channels: 1, height: 4, width: 4)
    #expect(throws: InstanceSwapError(layers: ["bn2"], input: input)) {
      try InstanceNormalizationSwap().applied(to: Self.network(), input: input)
    }
    let graph = try InstanceNormalizationSwap(layers: .matching(["bn1"])).applied(to: Self.network(), input: input)
    #expect(graph.normalizations.map(\.operation.grouping) == [.instance, .batch])
  }

  @Test("A pattern that matches no layer is an error")
  func refusesNothing() throws {
    let swap = InstanceNormalizationSwap(layers: .matching(["bn*", "layer9.*"]))
    #expect(throws: LayerSelectionError.noLayerMatches(pattern: "layer9.*", candidates: ["bn1", "bn2"])) {
      try swap.applied(to: Self.network(), input: FeatureShape(channels: 1, height: 8, width: 8))
    }
    let swapped = try InstanceNormalizationSwap().applied(to: Self.network(), input: FeatureShape(channels: 1, height: 8, width: 8))
    #expect(throws: LayerSelectionError.noCandidates) {
      try InstanceNormalizationSwap().applied(to: swapped, input: FeatureShape(channels: 1, height: 8, width: 8))
    }
  }
}
