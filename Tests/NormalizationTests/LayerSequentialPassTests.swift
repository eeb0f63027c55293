import Engine
import Graphs
import Normalization
import RandomStreams
import Tensors
import Testing

@Suite("Layer-sequential statistics")
struct LayerSequentialPassTests {
  let golden: GoldenNetwork

  init() throws { golden = try GoldenNetwork() }

  private func compare(_ parameters: Parameters, with result: GoldenNetwork.Result) throws {
    for (layer, expected) in result.statistics {
      let found = parameters.statistics(of: layer)
      for channel in 0..<found.channels {
        #expect(abs(found.mean[channel] - expected.mean[channel]) < 1e-5 * max(1, abs(expected.mean[channel])), "\(layer) \(channel)")
        #expect(abs(found.variance[channel] / expected.variance[channel] - 1) < 1e-5, "\(layer) \(channel)")
      }
    }
    #expect(GoldenNetwork.difference(try golden.logits(parameters), result.logits) < 2e-5)
  }

  @Test("The engine runs the golden network as PyTorch does")
  func sourceLogits() throws {
    #expect(GoldenNetwork.difference(try golden.logits(golden.parameters), golden.expected.sourceLogits) < 2e-5)
  }

  @Test("Each layer gets PyTorch's moments of the input it will see, and the logits follow")
  func likePyTorch() throws {
    var pass = try golden.pass()
    _ = try pass.run(over: StatisticsImages(golden.maps, scans: golden.scans))
    try compare(pass.parameters, with: golden.expected.layerSequential)
  }

  @Test("A prior worth 4 scans is mixed in layer by layer, as Schneider et al. do within a forward pass")
  func likePyTorchWithPrior() throws {
    var pass = try golden.pass(blend: .prior(strength: 4))
    _ = try pass.run(over: StatisticsImages(golden.maps, scans: golden.scans))
    try compare(pass.parameters, with: golden.expected.layerSequentialPrior4)
  }

  @Test("One pass in batches of 4 pools what each layer saw of batch-normalized input")
  func onePass() throws {
    let pass = OnePassStatistics(
      graph: golden.graph, parameters: golden.parameters, input: golden.input, layers: GoldenNetwork.layers, batchSize: 4)
    let (moments, _, scans) = try pass.moments(of: StatisticsImages(golden.maps, scans: golden.scans))
    var parameters = golden.parameters
    for (layer, found) in zip(GoldenNetwork.layers, moments) { parameters.setStatistics(try #require(ChannelStatistics(found)), of: layer) }
    try compare(parameters, with: golden.expected.onePass4)
    #expect(scans == golden.scans)
  }

  @Test(
    "Chunks, order, threads and the memory budget change no bit",
    arguments: [(1, 1 << 30, 1), (5, 0, 2), (16, 40_000, 1), (7, 90_000, 2), (12, 150_000, 1), (3, 400_000, 1)])
  func independence(chunkSize: Int, memoryLimit: Int, threads: Int) throws {
    var reference = try golden.pass()
    let expected = try reference.run(over: StatisticsImages(golden.maps, scans: golden.scans))
    var stream = RandomStream(seed: UInt64(chunkSize), purpose: "order")
    let order = Array(0..<golden.scans.count).shuffled(using: &stream)
    let shuffled = StatisticsImages(golden.maps.items(at: order), scans: order.map { golden.scans[$0] })
    var pass = try golden.pass(memoryLimit: memoryLimit, chunkSize: chunkSize, threads: threads)
    let found = try pass.run(over: shuffled)
    #expect(found.map(\.moments) == expected.map(\.moments))
    for layer in GoldenNetwork.layers {
      #expect(pass.parameters[layer, "running_mean"] == reference.parameters[layer, "running_mean"])
      #expect(pass.parameters[layer, "running_var"] == reference.parameters[layer, "running_var"])
    }
  }

  @Test("With memory for all scans it costs the arithmetic of one forward pass; without, it computes again")
  func arithmetic() throws {
    let whole = try Program(graph: golden.graph, inputs: ["input": golden.input], batch: 1, purpose: .inference()).floatingPointOperations
    let images = StatisticsImages(golden.maps, scans: golden.scans)
    var roomy = try golden.pass()
    _ = try roomy.run(over: images)
    var tight = try golden.pass(memoryLimit: 0)
    _ = try tight.run(over: images)
    #expect(roomy.operations <= whole * 1.0001)
    #expect(roomy.operations > whole / 2)
    #expect(tight.operations > whole * 1.5)
  }

  @Test("Only chosen layers change, and each still sees what it will see at inference")
  func chosenLayers() throws {
    var pass = try golden.pass(layers: ["bn3"])
    let estimates = try pass.run(over: StatisticsImages(golden.maps, scans: golden.scans))
    #expect(estimates.map(\.layer) == ["bn3"])
    for layer in ["bn1", "bn2", "downsample.1"] {
      #expect(pass.parameters[layer, "running_mean"] == golden.parameters[layer, "running_mean"])
    }
    // The moments of conv3's output under the source's statistics, observed directly.
    let executor = try Executor(
      graph: golden.graph, parameters: golden.parameters, input: golden.input, purpose: .inference(observing: ["conv3"]))
    let observed = ChannelMoments.merged(try executor.run(["input": golden.maps]).moments["conv3"]!)!
    for channel in 0..<8 { #expect(abs(estimates[0].moments.mean[channel] - observed.mean[channel]) < 1e-6) }
  }

  @Test("Two normalizations of one tensor, and one on the image itself, get their statistics")
  func sharedInput() throws {
    func bn(_ name: String, _ input: String) -> Node { Node(name, .normalization(NormalizationOperator(channels: 2)), [input]) }
    let graph = try Graph(
      nodes: [
        Node("input", .input(InputOperator(channels: 2))), bn("bn0", "input"), bn("other", "input"), bn("after", "bn0"),
        Node("add", .add, ["after", "other"]), Node("pool", .globalAveragePooling, ["add"]),
      ], outputs: ["pool"])
    var parameters = Parameters(graph.parameters)
    for layer in ["bn0", "other", "after"] {
      parameters[layer, "weight"] = Tensor(shape: [2], repeating: 2)
      parameters[layer, "running_var"] = Tensor(shape: [2], repeating: 1)
    }
    for memoryLimit in [0, 1 << 20] {
      var pass = try LayerSequentialPass(
        graph: graph, parameters: parameters, input: golden.input, layers: ["bn0", "other", "after"], memoryLimit: memoryLimit)
      let estimates = try pass.run(over: StatisticsImages(golden.maps, scans: golden.scans))
      #expect(estimates[0].moments == estimates[1].moments)
      // What bn0 normalized with its own statistics has mean 0 and variance 1, times gamma squared.
      for channel in 0..<2 {
        #expect(abs(estimates[2].moments.mean[channel]) < 1e-5)
        #expect(abs(estimates[2].stored.variance[channel] - 4) < 1e-3)
      }
    }
  }

  @Test("A scan with a pixel that is not a number is named, with the place")
  func notANumber() throws {
    var images = golden.images
    images[7 * 200 + 3] = .nan
    var pass = try golden.pass()
    #expect(throws: RecalibrationError.nonFinite(layer: "conv1", scan: golden.scans[7].id.rawValue)) {
      try pass.run(over: StatisticsImages(FeatureMaps(images), scans: golden.scans))
    }
  }

  @Test("A single scan with a single pixel per channel has no variance, and says where")
  func singleValue() throws {
    let graph = try InstanceNormalizationSwapTests.network()
    var parameters = Parameters(graph.parameters)
    for layer in ["bn1", "bn2"] { parameters[layer, "running_var"] = Tensor(shape: [8], repeating: 1) }
    let image = FeatureMaps(Tensor(shape: [1, 1, 4, 4], values: (0..<16).map(Float.init)))
    var pass = try LayerSequentialPass(
      graph: graph, parameters: parameters, input: image.shape, layers: ["bn1", "bn2"], memoryLimit: 1 << 20)
    #expect(throws: RecalibrationError.tooFewValues(layer: "bn2", count: 1)) {
      try pass.run(over: StatisticsImages(image, scans: [golden.scans[0]]))
    }
  }

  @Test("No scan at all, or none that can be read, is an error")
  func nothing() throws {
    var pass = try golden.pass()
    #expect(throws: RecalibrationError.noScans(listed: 3)) {
      try pass.run(over: StatisticsImages(listed: 3) { _ in StatisticsImages.Loaded(scans: [], maps: nil) })
    }
  }

  @Test("Instance normalization gives the logits of PyTorch's InstanceNorm2d without running statistics")
  func instanceSwap() throws {
    let graph = try InstanceNormalizationSwap().applied(to: golden.graph, input: golden.input)
    let logits = try golden.logits(golden.parameters.matching(graph.parameters), graph)
    #expect(GoldenNetwork.difference(logits, golden.expected.instanceLogits) < 5e-5)
  }
}
