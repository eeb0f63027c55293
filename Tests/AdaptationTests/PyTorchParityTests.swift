import Adaptation
import Engine
import Graphs
import ModelFiles
import Testing

@Suite struct PyTorchParityTests {
  private static let strategies: [(name: String, strategy: any AdaptationStrategy)] = [
    ("full", FullFineTuning()), ("bn-only", NormalizationOnly()), ("parallel-adapter", ParallelAdapter()),
    ("series-adapter", SeriesAdapter()), ("lora-sgd", LowRankAdaptation(rank: 4, alpha: 6)),
    ("lora-rslora", LowRankAdaptation(rank: 4, alpha: 6, isRankStabilized: true)), ("lora-adamw", LowRankAdaptation(rank: 4, alpha: 6)),
  ]

  /// Measured 1.8e-7 at most: the order of sums in Float32.
  @Test("Twenty steps from PyTorch's start give PyTorch's losses, PEFT's for low-rank updates", arguments: strategies.map(\.name))
  func losses(name: String) throws {
    let network = try PyTorchNetwork()
    let strategy = try #require(Self.strategies.first { $0.name == name }?.strategy)
    var model = network.model
    let plan = try #require(try strategy.prepare(&model))
    network.fill(&model.parameters)
    let rule: Optimizer.Rule = name == "lora-adamw" ? .adamW(weightDecay: 0.01) : .sgd(momentum: 0.9)
    var state = try TrainingState(
      graph: model.graph, parameters: model.parameters, plan: plan, loss: .crossEntropy(), optimizer: Optimizer(rule), inputs: model.inputs,
      seed: 0)
    let expected = try #require(network.losses[name])
    let rate = try #require(network.rates[name])
    var largest = 0.0
    for (step, loss) in expected.enumerated() {
      let (images, targets) = network.batch(step)
      let outcome = try state.step([model.input: images], targets: .classes(targets), learningRate: rate, stepIndex: step)
      largest = max(largest, abs(outcome.loss - loss))
    }
    #expect(expected.count == 20 && expected[0] - expected[19] > 0.02)
    #expect(largest < 1e-6)
  }
}
