import Engine
import Graphs
import Tensors
import Testing

/// The network of `tools/golden/engine_partial_norms.py`: normalizations per image in some channels, per batch or stored in the rest.
@Suite("Normalizations that are per image in some channels, against PyTorch")
struct PartialInstanceNormTests {
  private static let golden = try! GoldenData("partial_norms")

  private static func graph(_ source: NormalizationOperator.Source) throws -> Graph {
    func conv(_ name: String, _ inputs: Int, _ outputs: Int, kernel: Int = 3, stride: Int = 1, from input: String) -> Node {
      Node(name, .convolution(ConvolutionOperator(inputs, outputs, kernel: kernel, stride: stride)), [input])
    }
    func norm(_ name: String, _ channels: Int, from input: String, marked: ((Int) -> Bool)? = nil) -> Node {
      let operation = NormalizationOperator(
        channels: channels, grouping: marked.map { .perChannel(isInstance: (0..<channels).map($0)) } ?? .batch, trainingSource: source,
        inferenceSource: source, updatesStored: nil)
      return Node(name, .normalization(operation), [input])
    }
    func relu(_ name: String, from input: String) -> Node { Node(name, .activation(.relu), [input]) }
    return try Graph(
      nodes: [
        Node("images", .input(InputOperator(channels: 2))),
        conv("stem", 2, 10, from: "images"), norm("stemnorm", 10, from: "stem") { $0 < 5 }, relu("r0", from: "stemnorm"),
        conv("conv1", 10, 9, stride: 2, from: "r0"), norm("norm1", 9, from: "conv1") { [0, 3, 4, 8].contains($0) },
        relu("r1", from: "norm1"), conv("conv2", 9, 9, from: "r1"), norm("norm2", 9, from: "conv2"),
        conv("down", 10, 9, kernel: 1, stride: 2, from: "r0"), norm("downnorm", 9, from: "down") { $0 % 2 == 1 },
        Node("sum", .add, ["norm2", "downnorm"]), relu("r2", from: "sum"), Node("pool", .globalAveragePooling, ["r2"]),
        Node("head", .linear(LinearOperator(inputFeatures: 9, outputFeatures: 3)), ["pool"]),
      ], outputs: ["head"], features: "pool")
  }

  @Test("Inference gives PyTorch's logits with stored statistics and with the batch's", arguments: ["stored", "batch"])
  func inference(_ name: String) throws {
    let graph = try Self.graph(name == "stored" ? .stored : .batch)
    let images = FeatureMaps(Self.golden["\(name)/images"])
    let parameters = Self.golden.parameters(for: graph, under: "\(name)/state")
    for threads in [1, 2] {
      let logits = try Executor(graph: graph, parameters: parameters, input: images.shape, threads: threads)(images)
      #expect(relativeError(logits.tensor, Self.golden["\(name)/logits"]) < 2e-5)
    }
  }

  @Test("Loss and gradients are PyTorch's, whatever trains", arguments: ["stored", "batch"])
  func gradients(_ name: String) throws {
    let graph = try Self.graph(name == "stored" ? .stored : .batch)
    let images = FeatureMaps(Self.golden["\(name)/images"])
    let trainable = graph.parameters.filter { $0.role != .buffer }.map(\.id)
    let scale = trainable.flatMap { Self.golden["\(name)/gradient/\($0)"].values }.map(abs).max()!
    // Everything; gamma and beta alone, where convolutions only hand gradients on.
    for plan in [Set(trainable), Set(trainable.filter { $0.path.contains("norm") }), [ParameterID(path: "stem", field: "weight")]] {
      var state = try TrainingState(
        graph: graph, parameters: Self.golden.parameters(for: graph, under: "\(name)/state"), plan: TrainablePlan(trainable: plan),
        loss: .crossEntropy(classWeights: nil, labelSmoothing: 0), optimizer: Optimizer(.sgd(momentum: 0)),
        inputs: ["images": images.shape],
        seed: 1, threads: 2)
      let outcome = try state.gradients(["images": images], targets: .classes([2, 0, 1, 1]), stepIndex: 0)
      #expect(abs(outcome.loss - Double(Self.golden["\(name)/loss"][0])) < 1e-5)
      for (id, gradient) in outcome.gradients {
        let error = zip(gradient.values, Self.golden["\(name)/gradient/\(id)"].values).map { abs($0 - $1) }.max()! / scale
        #expect(error < 2e-5, "\(id): off by \(error) of the largest gradient")
      }
    }
  }

  @Test("A channel per image on a map of one pixel is refused: it would be beta whatever it shows")
  func onePixel() throws {
    let norm = NormalizationOperator(channels: 2, grouping: .perChannel(isInstance: [false, true]))
    let graph = try Graph(
      nodes: [Node("images", .input(InputOperator(channels: 2))), Node("norm", .normalization(norm), ["images"])], outputs: ["norm"])
    #expect(throws: (any Error).self) { try graph.shapes(input: FeatureShape(channels: 2, height: 1, width: 1)) }
    #expect(throws: Never.self) { try graph.shapes(input: FeatureShape(channels: 2, height: 1, width: 2)) }
  }
}
