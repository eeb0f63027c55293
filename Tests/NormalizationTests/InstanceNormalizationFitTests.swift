import Cohorts
import Engine
import Graphs
import Normalization
import Tensors
import Testing

@Suite("Partial and rematched instance normalization")
struct InstanceNormalizationFitTests {
  let golden: GoldenNetwork

  init() throws { golden = try GoldenNetwork() }

  private func layers(_ fit: InstanceNormalizationFit) throws -> [InstanceNormalizationFit.Layer] {
    try fit.layers(of: golden.graph, golden.parameters, input: golden.input, images: images)
  }

  private var images: StatisticsImages { StatisticsImages(golden.maps, scans: golden.scans) }

  /// Values at a node, by channel, then image.
  private func values(at node: String, of graph: Graph, _ parameters: Parameters) throws -> [[[Double]]] {
    let part = try graph.cut(from: [:], to: [node])
    let maps = try Executor(graph: part, parameters: parameters, input: golden.input)(golden.maps)
    let pixels = maps.shape.pixels
    let flat = maps.tensor.values.map(Double.init)
    return (0..<maps.shape.channels).map { channel in
      (0..<maps.count).map { image in
        let start = (image * maps.shape.channels + channel) * pixels
        return Array(flat[start..<(start + pixels)])
      }
    }
  }

  private func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
  private func variance(_ values: [Double]) -> Double {
    let center = mean(values)
    return mean(values.map { ($0 - center) * ($0 - center) })
  }

  @Test("The intraclass correlation is between over between plus within, by brute force over pixels")
  func correlation() throws {
    let seen = try values(at: "conv1", of: golden.graph, golden.parameters)
    let executor = try Executor(
      graph: golden.graph, parameters: golden.parameters, input: golden.input, purpose: .inference(observing: ["conv1"]))
    let moments = try executor.run(["input": golden.maps]).moments["conv1"]!
    let found = try #require(IntraclassCorrelation.values(moments))
    for (channel, images) in seen.enumerated() {
      let between = variance(images.map(mean)) * 12 / 11
      let within = mean(images.map(variance))
      #expect(abs(found[channel] - between / (between + within)) < 1e-6)
    }
    #expect(IntraclassCorrelation.values([moments[0]]) == nil)
    let flat = ChannelMoments(count: 4, mean: [1], m2: [0])
    #expect(IntraclassCorrelation.values([flat, flat]) == [0])
  }

  @Test("Channels at or above the threshold are normalized per image, each layer judged on the input that the swapped ones before leave it")
  func byCorrelation() throws {
    let fit = InstanceNormalizationFit(InstanceNormalizationSwap(), threshold: 0.3, memoryLimit: 1 << 30)
    let layers = try layers(fit)
    #expect(layers.map(\.name) == GoldenNetwork.layers)
    #expect(Set(layers.flatMap(\.isInstance)).count == 2)
    var (graph, parameters) = (golden.graph, golden.parameters)
    for layer in layers {
      let producer = golden.graph[layer.name]!.inputs[0]
      let correlations = try values(at: producer, of: graph, parameters).map { images in
        let between = variance(images.map(mean)) * 12 / 11
        return between / (between + mean(images.map(variance)))
      }
      for channel in correlations.indices {
        #expect(abs(correlations[channel] - layer.correlations![channel]) < 1e-5)
        #expect(layer.isInstance[channel] == (layer.correlations![channel] >= 0.3))
      }
      let seen = try values(at: producer, of: graph, parameters).map { $0.flatMap(\.self) }
      let count = Double(seen[0].count)
      parameters.setStatistics(
        ChannelStatistics(mean: seen.map(mean), variance: seen.map { variance($0) * count / (count - 1) }), of: layer.name)
      graph = try InstanceNormalizationSwap(
        channels: .marked([layer.name: layer.isInstance])
      ).appliedWhereMarked(to: graph, input: golden.input)
    }
  }

  @Test("Nothing above the threshold is an error with the largest that was found")
  func nothingAbove() throws {
    let fit = InstanceNormalizationFit(InstanceNormalizationSwap(), threshold: 1, memoryLimit: 1 << 30)
    let error = #expect(throws: InstanceSwapError.self) { try layers(fit) }
    guard case .belowThreshold(1, let largest)? = error?.reason else {
      Issue.record("another error")
      return
    }
    #expect(largest > 0.3 && largest < 1)
  }

  @Test(
    "After rematching, every swapped channel's output has the mean and variance over the scans that it had in the network as it came",
    arguments: [InstanceNormalizationSwap.Channels.all, .firstHalf])
  func rematch(channels: InstanceNormalizationSwap.Channels) throws {
    let swap = InstanceNormalizationSwap(channels: channels)
    let fit = InstanceNormalizationFit(swap, rematches: true, memoryLimit: 1 << 30)
    let layers = try layers(fit)
    let graph = try swap.applied(to: golden.graph, input: golden.input)
    var parameters = golden.parameters
    for layer in layers { layer.store(in: &parameters) }
    // BatchNorm channels that stay get the scans' statistics, as a strategy gives them.
    if channels == .firstHalf {
      var pass = try LayerSequentialPass(
        graph: graph, parameters: parameters, input: golden.input, layers: GoldenNetwork.layers, memoryLimit: 1 << 30)
      _ = try pass.run(over: images)
      parameters = pass.parameters
    }
    let fitting = channels == .all ? parameters.matching(graph.parameters) : parameters
    for layer in layers {
      let before = try values(at: layer.name, of: golden.graph, golden.parameters).map { $0.flatMap(\.self) }
      let after = try values(at: layer.name, of: graph, fitting).map { $0.flatMap(\.self) }
      for channel in before.indices where layer.isInstance[channel] {
        #expect(abs(mean(after[channel]) - mean(before[channel])) < 2e-5, "\(layer.name) \(channel)")
        #expect(abs(variance(after[channel]) / variance(before[channel]) - 1) < 1e-4, "\(layer.name) \(channel)")
      }
      // A swap alone doesn't do that: the stored statistics are not these scans'.
      let plain = try values(at: layer.name, of: graph, channels == .all ? golden.parameters.matching(graph.parameters) : golden.parameters)
      #expect(before.indices.contains { abs(mean(plain[$0].flatMap(\.self)) - mean(before[$0])) > 0.05 })
    }
  }

  @Test("The first stages are the layers on the first sizes of maps; a half is the first half of each layer's channels")
  func stages() throws {
    func groupings(_ swap: InstanceNormalizationSwap) throws -> [NormalizationOperator.Grouping] {
      try swap.applied(to: golden.graph, input: golden.input).normalizations.map(\.operation.grouping)
    }
    #expect(try groupings(InstanceNormalizationSwap(stages: 1)) == [.instance, .batch, .batch, .batch])
    #expect(try groupings(InstanceNormalizationSwap(stages: 2)) == [.instance, .instance, .instance, .instance])
    let half = NormalizationOperator.Grouping.perChannel(isInstance: (0..<8).map { $0 < 4 })
    #expect(try groupings(InstanceNormalizationSwap(stages: 1, channels: .firstHalf)) == [half, .batch, .batch, .batch])
    #expect(throws: InstanceSwapError(input: golden.input, reason: .stages(asked: 3, found: 2))) {
      try groupings(InstanceNormalizationSwap(stages: 3))
    }
    #expect(throws: InstanceSwapError(input: golden.input, reason: .noLayerInStages(1))) {
      try groupings(InstanceNormalizationSwap(layers: .matching(["bn3"]), stages: 1))
    }
  }

  @Test("Half of a layer's channels on 1×1 maps is refused as a whole layer is; no channel at all, too")
  func refusals() throws {
    let input = FeatureShape(channels: 1, height: 4, width: 4)
    #expect(throws: InstanceSwapError(layers: ["bn2"], input: input)) {
      try InstanceNormalizationSwap(channels: .firstHalf).applied(to: InstanceNormalizationSwapTests.network(), input: input)
    }
    #expect(throws: InstanceSwapError(input: input, reason: .nothingMarked)) {
      try InstanceNormalizationSwap(layers: .matching(["bn1"]), channels: .marked([:]))
        .applied(to: InstanceNormalizationSwapTests.network(), input: input)
    }
  }
}

extension InstanceNormalizationSwap {
  /// The same, and the graph itself where no channel is marked.
  fileprivate func appliedWhereMarked(to graph: Graph, input: FeatureShape) throws -> Graph {
    do { return try applied(to: graph, input: input) } catch let error as InstanceSwapError where error.reason == .nothingMarked {
      return graph
    }
  }
}
