import Engine
import Graphs
import Tensors
import Testing

@Suite("Running a network")
struct ExecutorTests {
  private let golden = try! GoldenData("training")
  private let shape = FeatureShape(channels: 3, height: 16, width: 14)

  /// The tiny ResNet after ten steps, so that its stored statistics aren't 0 and 1.
  private var parameters: Parameters { golden.parameters(for: tinyResNet, under: "sgd/after") }
  private func images(_ count: Int) -> FeatureMaps { FeatureMaps(seededTensor([count, 3, 16, 14])) }

  /// Mean and sum of squared deviations of each channel of one image, in Double.
  private func bruteMoments(_ tensor: Tensor, image: Int) -> (mean: [Double], m2: [Double]) {
    let (channels, pixels) = (tensor.shape[1], tensor.shape[2] * tensor.shape[3])
    var (means, squares): ([Double], [Double]) = ([], [])
    for channel in 0..<channels {
      let values = (0..<pixels).map { Double(tensor[(image * channels + channel) * pixels + $0]) }
      let mean = values.reduce(0, +) / Double(pixels)
      means.append(mean)
      squares.append(values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +))
    }
    return (means, squares)
  }

  @Test("An image's results are the same bits alone, in any batch, on any number of threads")
  func independentOfBatch() throws {
    let images = images(37)
    var results: [FeatureMaps] = []
    for threads in 1...3 {
      let executor = try Executor(graph: tinyResNet, parameters: parameters, input: shape, threads: threads)
      results.append(try executor(images))
      results.append(.joined(try (0..<37).map { try executor(images.items($0..<($0 + 1))) }))
      results.append(.joined([try executor(images.items(0..<5)), try executor(images.items(5..<37))]))
    }
    for result in results { #expect(result == results[0]) }
  }

  @Test("Intermediate outputs keep layers apart and change nothing")
  func unfused() throws {
    let all = tinyResNet.nodes.map(\.name)
    let unfused = try Executor(graph: tinyResNet.cut(from: [:], to: all), parameters: parameters, input: shape)
    let fused = try Executor(graph: tinyResNet, parameters: parameters, input: shape)
    let images = images(3)
    let apart = try unfused.run(["images": images]).outputs
    #expect(apart.count == all.count && apart["images"]!.tensor == images.tensor)
    #expect(relativeError(try fused(images).tensor, apart["fc"]!.tensor) < 1e-5)
  }

  @Test("A network cut in two gives the whole's bits")
  func cuts() throws {
    let images = images(4)
    let whole = try Executor(graph: tinyResNet, parameters: parameters, input: shape)
    for node in ["pool", "relu2", "block1", "conv4", "downbn"] {
      let frontier = tinyResNet.frontier(after: node)
      let shapes = try tinyResNet.shapes(input: shape)
      let fed = Dictionary(uniqueKeysWithValues: frontier.map { ($0, shapes[$0]!) })
      let lower = try Executor(graph: tinyResNet.cut(from: [:], to: frontier), parameters: parameters, input: shape)
      let upper = try Executor(
        graph: tinyResNet.cut(from: fed.mapValues(\.channels), to: ["fc"]), parameters: parameters, inputs: fed)
      let logits = try upper.run(lower.run(["images": images]).outputs).outputs["fc"]!
      #expect(relativeError(logits.tensor, try whole(images).tensor) < 1e-5, "cut after \(node)")
    }
  }

  @Test("Observed moments are those of the nodes' outputs, taken in Double")
  func observers() throws {
    let observed: Set = ["images", "conv1", "conv3", "bn2", "block1", "mean", "pool"]
    let images = images(18)
    let watching = try Executor(graph: tinyResNet, parameters: parameters, input: shape, purpose: .inference(observing: observed))
    let outcome = try watching.run(["images": images])
    let apart = try Executor(graph: tinyResNet.cut(from: [:], to: observed.sorted()), parameters: parameters, input: shape)
    let values = try apart.run(["images": images]).outputs
    #expect(Set(outcome.moments.keys) == observed)
    for name in observed.sorted() {
      let tensor = values[name]!.tensor
      #expect(outcome.moments[name]!.count == 18)
      for (image, moments) in outcome.moments[name]!.enumerated() {
        let expected = bruteMoments(tensor, image: image)
        #expect(moments.count == Double(tensor.shape[2] * tensor.shape[3]))
        for channel in expected.mean.indices {
          #expect(abs(moments.mean[channel] - expected.mean[channel]) < 1e-5 * (1 + abs(expected.mean[channel])), "\(name)")
          #expect(abs(moments.m2[channel] - expected.m2[channel]) < 1e-5 * (1 + expected.m2[channel]), "\(name)")
        }
      }
    }
    #expect(
      relativeError(outcome.outputs["fc"]!.tensor, try Executor(graph: tinyResNet, parameters: parameters, input: shape)(images).tensor)
        < 1e-5)
  }

  @Test("A biased convolution's observed moments have the bias in them, also before a normalization that could be folded")
  func biasedObservers() throws {
    let convolution = ConvolutionOperator(
      inputChannels: 3, outputChannels: 5, kernelHeight: 3, kernelWidth: 3, padding: .all(1), hasBias: true)
    let graph = try Graph(
      nodes: [
        Node("images", .input(InputOperator(channels: 3))), Node("conv", .convolution(convolution), ["images"]),
        Node("bn", .normalization(NormalizationOperator(channels: 5)), ["conv"]), Node("pool", .globalAveragePooling, ["bn"]),
      ], outputs: ["pool"])
    var parameters = Parameters(graph.parameters)
    parameters["conv", "weight"] = seededTensor([5, 3, 3, 3])
    parameters["conv", "bias"] = Tensor(shape: [5], repeating: 3)
    parameters["bn", "running_var"] = Tensor(shape: [5], repeating: 1)
    let images = images(2)
    let watching = try Executor(graph: graph, parameters: parameters, input: shape, purpose: .inference(observing: ["conv"]))
    let moments = try watching.run(["images": images]).moments["conv"]!
    let values = try Executor(graph: graph.cut(from: [:], to: ["conv"]), parameters: parameters, input: shape)
      .run(["images": images]).outputs["conv"]!.tensor
    for image in 0..<2 {
      let expected = bruteMoments(values, image: image)
      for channel in 0..<5 { #expect(abs(moments[image].mean[channel] - expected.mean[channel]) < 1e-5) }
    }
  }

  @Test("The statistics pass normalizes by the batch and reports what each normalization saw")
  func statistics() throws {
    let images = images(6)
    let outcome = try Executor(graph: tinyResNet, parameters: parameters, input: shape, purpose: .statistics).run(["images": images])
    let batchwise = tinyResNet.mapNormalizations { _, norm in
      var changed = norm
      changed.inferenceSource = .batch
      return changed
    }
    let inputs = Dictionary(uniqueKeysWithValues: tinyResNet.normalizations.map { ($0.name, tinyResNet[$0.name]!.inputs[0]) })
    let apart = try Executor(
      graph: batchwise.cut(from: [:], to: inputs.values.sorted() + ["fc"]), parameters: parameters, input: shape)
    let values = try apart.run(["images": images]).outputs
    #expect(Set(outcome.moments.keys) == Set(inputs.keys))
    #expect(relativeError(outcome.outputs["fc"]!.tensor, values["fc"]!.tensor) < 1e-5)
    for (name, input) in inputs {
      for image in 0..<6 {
        let expected = bruteMoments(values[input]!.tensor, image: image)
        let found = outcome.moments[name]![image]
        for channel in expected.mean.indices {
          #expect(abs(found.mean[channel] - expected.mean[channel]) < 1e-5)
          #expect(abs(found.m2[channel] - expected.m2[channel]) < 1e-5 * (1 + expected.m2[channel]))
        }
      }
    }
  }

  @Test("Inputs that are missing, misshapen or of different counts are refused")
  func refusals() throws {
    let executor = try Executor(graph: tinyResNet, parameters: parameters, input: shape)
    #expect(throws: RunError.missingInput("images")) { try executor.run([:]) }
    let small = FeatureMaps(seededTensor([1, 3, 8, 8]))
    #expect(throws: RunError.inputShape("images", expected: shape, found: small.shape)) { try executor.run(["images": small]) }
    #expect(throws: PlanError.unknownNode("bn9")) {
      try Executor(graph: tinyResNet, parameters: parameters, input: shape, purpose: .inference(observing: ["bn9"]))
    }
    let fewer = parameters.matching(tinyResNet.parameters.filter { $0.id.path != "bn4" })
    #expect(throws: PlanError.missingParameter(ParameterID(path: "bn4", field: "weight"))) {
      try Executor(graph: tinyResNet, parameters: fewer, input: shape)
    }
    let onePixel = FeatureShape(channels: 3, height: 4, width: 4)
    let statistics = try Executor(graph: tinyResNet, parameters: parameters, input: onePixel, purpose: .statistics)
    #expect(throws: RunError.singleValue(normalization: "bn4")) {
      try statistics.run(["images": FeatureMaps(seededTensor([1, 3, 4, 4]))])
    }
  }

  @Test("A node may be an output twice, an input may be one, and no images give no results")
  func edges() throws {
    let graph = try tinyResNet.cut(from: [:], to: ["block1", "images", "block1"])
    let executor = try Executor(graph: graph, parameters: parameters, input: shape, purpose: .inference(observing: ["block1"]))
    let outcome = try executor.run(["images": images(2)])
    #expect(outcome.outputs.count == 2 && outcome.outputs["images"] == images(2))
    let none = try executor.run(["images": images(0)])
    #expect(none.outputs["block1"]!.count == 0 && none.moments["block1"]!.isEmpty)
  }

  @Test("A plan lists its kernels, its arithmetic and its peak")
  func description() throws {
    let program = try Program(graph: tinyResNet, inputs: ["images": shape], batch: 2, purpose: .inference())
    let text = program.description
    #expect(text.contains("3×3 convolution 3→8") && text.contains("normalization + relu") && text.contains("MB"))
    // 2 · pixels · out · in · 9 for each convolution, for two images.
    let convolutions = 224 * 8 * 3 * 9 + 56 * 8 * 8 * 9 * 2 + 16 * 12 * 8 * 9 + 16 * 12 * 12 * 9 + 16 * 12 * 8 + 12 * 4
    #expect(program.floatingPointOperations == Double(2 * 2 * convolutions))
    #expect(program.peakBytes > 0 && program.peakBytes < 2 * 224 * 8 * 4 * 3)
  }

  @Test("Buffers that are alive at once never share a byte, and none reaches past the arena", arguments: [1, 3])
  func lifetimes(batch: Int) throws {
    let everything = try TrainablePlan(trainable: Set(tinyResNet.parameters.filter { $0.role != .buffer }.map(\.id)))
    let program = try Program(
      graph: tinyResNet, inputs: ["images": shape], batch: batch, purpose: .gradients(of: .crossEntropy(), for: everything))
    let listing = program.listing(threads: 1)
    #expect(listing.buffers.allSatisfy { $0.offset + $0.bytes <= listing.arenaBytes && $0.firstStep <= $0.lastStep })
    for (index, one) in listing.buffers.enumerated() {
      for other in listing.buffers[(index + 1)...] where one.firstStep <= other.lastStep && other.firstStep <= one.lastStep {
        #expect(one.offset + one.bytes <= other.offset || other.offset + other.bytes <= one.offset, "\(one) and \(other)")
      }
    }
    #expect(listing.steps.map(\.bytesAlive).max()! <= listing.arenaBytes)
  }
}
