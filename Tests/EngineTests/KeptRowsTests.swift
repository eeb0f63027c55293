import CKernels
import Engine
import Graphs
import Tensors
import Testing

@Suite("A linear layer with more outputs")
struct KeptRowsTests {
  private func graph(inputs: Int, outputs: Int) throws -> Graph {
    try Graph(
      nodes: [
        Node("x", .input(InputOperator(channels: inputs))),
        Node("head", .linear(LinearOperator(inputFeatures: inputs, outputFeatures: outputs)), ["x"]),
      ], outputs: ["head"])
  }

  @Test(
    "Its first outputs have the bits of the shorter layer's", arguments: [(64, 2), (512, 7), (1280, 8), (1024, 15), (33, 17), (512, 1000)],
    InstructionSet.available)
  func firstOutputs(_ size: (inputs: Int, outputs: Int), _ instructionSet: InstructionSet) throws {
    var random = TestValues(seed: size.inputs + size.outputs)
    let weights = random.values((size.outputs + 9) * size.inputs)
    let biases = random.values(size.outputs + 9)
    for batch in [1, 3, 16] {
      let images = FeatureMaps(Tensor(shape: [batch, size.inputs], values: random.values(batch * size.inputs)))
      func outputs(_ count: Int) throws -> [[Float]] {
        let graph = try graph(inputs: size.inputs, outputs: count)
        var parameters = Parameters(graph.parameters)
        parameters["head", "weight"] = Tensor(shape: [count, size.inputs], values: weights.prefix(count * size.inputs))
        parameters["head", "bias"] = Tensor(shape: [count], values: biases.prefix(count))
        let executor = try Executor(
          graph: graph, parameters: parameters, inputs: ["x": .vector(size.inputs)], threads: 2, instructionSet: instructionSet)
        return try executor.run(["x": images]).outputs["head"]!.rows
      }
      let short = try outputs(size.outputs)
      for more in [1, 2, 9] {
        let long = try outputs(size.outputs + more)
        for (a, b) in zip(short, long) { #expect(a.map(\.bitPattern) == b.prefix(size.outputs).map(\.bitPattern), "\(more) more") }
      }
    }
  }

  static let optimizers = [
    Optimizer(.sgd(momentum: 0.9, nesterov: true, weightDecay: 0.1)), Optimizer(.adamW(weightDecay: 0.1)),
    Optimizer(.adamW(weightDecay: 0.1), clippingNorm: 0.1),
  ]

  @Test(
    "Kept rows stay to the bit under momentum, decay and clipping; the others move as where only they have a gradient",
    arguments: optimizers)
  func keptRows(_ optimizer: Optimizer) throws {
    var random = TestValues(seed: 3)
    let graph = try graph(inputs: 12, outputs: 5)
    var start = Parameters(graph.parameters)
    start["head", "weight"] = Tensor(shape: [5, 12], values: random.values(60))
    start["head", "bias"] = Tensor(shape: [5], values: random.values(5))
    let images = ["x": FeatureMaps(Tensor(shape: [4, 12], values: random.values(48)))]
    let targets = Targets.classes([0, 3, 4, 1])
    var plan = try TrainablePlan(trainable: Set(start.ids))
    func state(_ plan: TrainablePlan) throws -> TrainingState {
      try TrainingState(
        graph: graph, parameters: start, plan: plan, loss: .crossEntropy(), optimizer: optimizer, inputs: ["x": .vector(12)], seed: 0,
        threads: 1)
    }
    var whole = try state(plan)
    let gradients = try whole.gradients(images, targets: targets, stepIndex: 0).gradients
    plan.keptRows = Dictionary(uniqueKeysWithValues: start.ids.map { ($0, 3) })
    var kept = try state(plan)
    let outcome = try kept.step(images, targets: targets, learningRate: 0.1, stepIndex: 0)
    let moving = gradients.values.flatMap { $0.items(3..<5).values }.reduce(0) { $0 + Double($1) * Double($1) }
    #expect(abs(outcome.gradientNorm - moving.squareRoot()) < 1e-6)
    for step in 1..<5 { _ = try kept.step(images, targets: targets, learningRate: 0.1, stepIndex: step) }
    let after = kept.finish()
    for id in start.ids {
      #expect(after[id].items(0..<3) == start[id].items(0..<3))
      #expect(after[id].items(3..<5) != start[id].items(3..<5))
    }
    guard optimizer.clippingNorm == nil else { return }
    // Without clipping a first step moves each value by its own gradient alone.
    var first = try state(plan)
    var second = try state(try TrainablePlan(trainable: Set(start.ids)))
    _ = try first.step(images, targets: targets, learningRate: 0.1, stepIndex: 0)
    _ = try second.step(images, targets: targets, learningRate: 0.1, stepIndex: 0)
    let (a, b) = (first.finish(), second.finish())
    for id in start.ids { #expect(a[id].items(3..<5) == b[id].items(3..<5)) }
  }
}
