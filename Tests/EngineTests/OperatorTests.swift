import Engine
import Graphs
import Tensors
import Testing

@Suite("Operators against PyTorch")
struct OperatorTests {
  private static let golden = try! GoldenData("operators")

  private func feed(_ example: OperatorCase) -> (images: FeatureMaps, parameters: Parameters) {
    (FeatureMaps(Self.golden["\(example.name)/images"]), Self.golden.parameters(for: example.graph, under: "\(example.name)/state"))
  }

  private func training(_ example: OperatorCase, plan: TrainablePlan, rate: Float = 0) throws -> TrainingState {
    let (images, parameters) = feed(example)
    let weighted = example.name == "weightedLoss"
    return try TrainingState(
      graph: example.graph, parameters: parameters, plan: plan,
      loss: .crossEntropy(classWeights: weighted ? [0.5, 2, 3] : nil, labelSmoothing: weighted ? 0.1 : 0),
      optimizer: Optimizer(.sgd(momentum: 0)), inputs: ["images": images.shape], seed: 1, threads: 2)
  }

  private func targets(_ example: OperatorCase) -> Targets { .classes(example.name == "maskedLoss" ? [2, nil, 1] : [2, 0, 1]) }

  @Test("Loss, logits and every parameter's gradient are PyTorch's", arguments: operatorCases)
  func gradients(_ example: OperatorCase) throws {
    let golden = Self.golden
    let trainable = Set(example.graph.parameters.filter { $0.role != .buffer }.map(\.id))
    var training = try training(example, plan: TrainablePlan(trainable: trainable))
    let outcome = try training.gradients(["images": feed(example).images], targets: targets(example), stepIndex: 0)
    #expect(abs(outcome.loss - Double(golden["\(example.name)/loss"][0])) < 1e-5)
    #expect(relativeError(outcome.logits.tensor, golden["\(example.name)/logits"]) < 2e-5)
    #expect(outcome.gradients.count == trainable.count)
    // One scale for all: where a gradient is zero in truth (a bias before a normalization) both sides only round.
    let scale = trainable.flatMap { golden["\(example.name)/gradient/\($0)"].values }.map(abs).max()!
    for (id, gradient) in outcome.gradients {
      let expected = golden["\(example.name)/gradient/\(id)"]
      let error = zip(gradient.values, expected.values).map { abs($0 - $1) }.max()! / scale
      #expect(error < 2e-5, "\(id): off by \(error) of the largest gradient")
    }
  }

  @Test("Only what trains gets a gradient, and it is the same as when everything trains", arguments: operatorCases)
  func pruned(_ example: OperatorCase) throws {
    for id in example.graph.parameters.filter({ $0.role != .buffer }).map(\.id) {
      var training = try training(example, plan: TrainablePlan(trainable: [id]))
      let outcome = try training.gradients(["images": feed(example).images], targets: targets(example), stepIndex: 0)
      #expect(Array(outcome.gradients.keys) == [id])
      let expected = Self.golden["\(example.name)/gradient/\(id)"]
      let scale = max(expected.values.map(abs).max()!, 0.02)
      let error = zip(outcome.gradients[id]!.values, expected.values).map { abs($0 - $1) }.max()! / scale
      #expect(error < 5e-5, "\(id) alone: \(error)")
    }
  }

  @Test(
    "A step leaves PyTorch's running statistics",
    arguments: operatorCases.filter { $0.name.lowercased().contains("norm") || $0.name == "block" })
  func runningStatistics(_ example: OperatorCase) throws {
    let buffers = example.graph.parameters.filter { $0.role == .buffer }.map(\.id)
    var training = try training(example, plan: TrainablePlan(trainable: [ParameterID(path: "head", field: "weight")]))
    _ = try training.step(["images": feed(example).images], targets: targets(example), learningRate: 0, stepIndex: 0)
    let after = training.finish()
    let mixed: Set<Int> = example.name == "mixedNorm" ? [0, 3, 4] : []
    for id in buffers {
      let expected = Self.golden["\(example.name)/after/\(id)"]
      let start = Self.golden["\(example.name)/state/\(id)"]
      for channel in 0..<expected.count {
        // Channels normalized per image keep their stored values; PyTorch's stand-in updates all.
        #expect(abs(after[id][channel] - (mixed.contains(channel) ? start : expected)[channel]) < 1e-5, "\(id)[\(channel)]")
      }
    }
  }

  @Test("Inference with batch statistics, or stored ones, gives the same middle as PyTorch", arguments: operatorCases)
  func inference(_ example: OperatorCase) throws {
    let graph = example.graph.mapNormalizations { _, norm in
      var changed = norm
      changed.inferenceSource = norm.trainingSource
      return changed
    }
    let (images, parameters) = feed(example)
    let executor = try Executor(
      graph: graph.cut(from: [:], to: [example.middle, "head"]), parameters: parameters, input: images.shape, threads: 1)
    let outcome = try executor.run(["images": images])
    #expect(relativeError(outcome.outputs[example.middle]!.tensor, Self.golden["\(example.name)/middle"]) < 2e-5)
    #expect(relativeError(outcome.outputs["head"]!.tensor, Self.golden["\(example.name)/logits"]) < 2e-5)
  }
}
