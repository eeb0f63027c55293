import Engine
import Foundation
import Graphs
import Tensors
import Testing

/// The network of `tools/golden/engine_training.py`.
let tinyResNet: Graph = {
  func conv(_ name: String, _ i: Int, _ o: Int, _ kernel: Int = 3, stride: Int = 1, from input: String) -> Node {
    Node(name, .convolution(ConvolutionOperator(i, o, kernel: kernel, stride: stride)), [input])
  }
  func norm(_ name: String, _ channels: Int, from input: String) -> Node {
    Node(name, .normalization(NormalizationOperator(channels: channels)), [input])
  }
  func relu(_ name: String, from input: String) -> Node { Node(name, .activation(.relu), [input]) }
  return try! Graph(
    nodes: [
      Node("images", .input(InputOperator(channels: 3))),
      conv("conv1", 3, 8, from: "images"), norm("bn1", 8, from: "conv1"), relu("relu1", from: "bn1"),
      Node("pool", .pooling(PoolingOperator(.maximum, kernel: 3, stride: 2, padding: 1)), ["relu1"]),
      conv("conv2", 8, 8, from: "pool"), norm("bn2", 8, from: "conv2"), relu("relu2", from: "bn2"),
      conv("conv3", 8, 8, from: "relu2"), norm("bn3", 8, from: "conv3"),
      Node("add1", .add, ["bn3", "pool"]), relu("block1", from: "add1"),
      conv("conv4", 8, 12, stride: 2, from: "block1"), norm("bn4", 12, from: "conv4"), relu("relu4", from: "bn4"),
      conv("conv5", 12, 12, from: "relu4"), norm("bn5", 12, from: "conv5"),
      conv("down", 8, 12, 1, stride: 2, from: "block1"), norm("downbn", 12, from: "down"),
      Node("add2", .add, ["bn5", "downbn"]), relu("block2", from: "add2"),
      Node("mean", .globalAveragePooling, ["block2"]),
      Node("fc", .linear(LinearOperator(inputFeatures: 12, outputFeatures: 4)), ["mean"]),
    ], outputs: ["fc"], features: "mean")
}()

/// The MobileNet-like network of the same script.
let tinyMobileNet: Graph = {
  func conv(_ name: String, _ i: Int, _ o: Int, _ kernel: Int, stride: Int = 1, groups: Int = 1, from input: String) -> [Node] {
    [Node(name, .convolution(ConvolutionOperator(i, o, kernel: kernel, stride: stride, groups: groups)), [input])]
  }
  func norm(_ name: String, _ channels: Int, from input: String, activates: Bool = true) -> [Node] {
    let norm = Node(name, .normalization(NormalizationOperator(channels: channels)), [input])
    return activates ? [norm, Node("\(name).relu6", .activation(.relu6), [name])] : [norm]
  }
  func block(_ index: Int, _ inputs: Int, _ outputs: Int, stride: Int, from input: String) -> [Node] {
    let hidden = 4 * inputs
    return conv("expand\(index)", inputs, hidden, 1, from: input) + norm("expandbn\(index)", hidden, from: "expand\(index)")
      + conv("depth\(index)", hidden, hidden, 3, stride: stride, groups: hidden, from: "expandbn\(index).relu6")
      + norm("depthbn\(index)", hidden, from: "depth\(index)")
      + conv("project\(index)", hidden, outputs, 1, from: "depthbn\(index).relu6")
      + norm("projectbn\(index)", outputs, from: "project\(index)", activates: false)
  }
  return try! Graph(
    nodes: [Node("images", .input(InputOperator(channels: 3)))] + conv("stem", 3, 8, 3, stride: 2, from: "images")
      + norm("stembn", 8, from: "stem") + block(0, 8, 8, stride: 1, from: "stembn.relu6")
      + [Node("add", .add, ["projectbn0", "stembn.relu6"])] + block(1, 8, 12, stride: 2, from: "add")
      + [
        Node("mean", .globalAveragePooling, ["projectbn1"]),
        Node("fc", .linear(LinearOperator(inputFeatures: 12, outputFeatures: 4)), ["mean"]),
      ], outputs: ["fc"], features: "mean")
}()

@Suite("Training against PyTorch")
struct TrainingTests {
  private static let golden = try! GoldenData("training")

  struct Recipe: Sendable, CustomTestStringConvertible {
    let name: String
    let optimizer: Optimizer
    let rate: Double
    var graph = tinyResNet
    var state = "state"
    /// Gamma and beta alone, or everything.
    var trainsNormsOnly = false
    var factors: [ParameterID: Float] = [:]
    /// L2-SP's starting point: everything but the head's start.
    var pullsToStart = false
    var loss = Loss.crossEntropy()
    var testDescription: String { name }
  }

  private static let recipes = [
    Recipe(name: "sgd", optimizer: Optimizer(.sgd(momentum: 0.9, weightDecay: 5e-4)), rate: 0.05),
    Recipe(
      name: "nesterov", optimizer: Optimizer(.sgd(momentum: 0.9, nesterov: true, weightDecay: 5e-4), clippingNorm: 1), rate: 0.05),
    Recipe(name: "adamw", optimizer: Optimizer(.adamW(weightDecay: 0.05)), rate: 2e-3),
    Recipe(name: "norms", optimizer: Optimizer(.sgd(momentum: 0.9)), rate: 0.05, trainsNormsOnly: true),
    Recipe(
      name: "mobile", optimizer: Optimizer(.sgd(momentum: 0.9, weightDecay: 5e-4)), rate: 0.05, graph: tinyMobileNet, state: "mobile-state"),
    Recipe(
      name: "mobile-norms", optimizer: Optimizer(.sgd(momentum: 0.9)), rate: 0.05, graph: tinyMobileNet, state: "mobile-state",
      trainsNormsOnly: true),
    Recipe(name: "discriminative", optimizer: Optimizer(.sgd(momentum: 0.9)), rate: 0.05, factors: discriminative),
    Recipe(
      name: "l2sp-sgd", optimizer: Optimizer(.sgd(momentum: 0.9, weightDecay: 0.05), startingPointPenalty: 0.1), rate: 0.05,
      pullsToStart: true),
    Recipe(
      name: "l2sp-adamw", optimizer: Optimizer(.adamW(weightDecay: 0.05), startingPointPenalty: 5), rate: 2e-3, pullsToStart: true),
    Recipe(
      name: "smoothed", optimizer: Optimizer(.sgd(momentum: 0.9)), rate: 0.05,
      loss: .crossEntropy(classWeights: [0.5, 2, 1.25, 0.8], labelSmoothing: 0.15)),
  ]

  /// A third of the rate from one part of the network to the one before.
  private static var discriminative: [ParameterID: Float] {
    let parts = [["conv4", "bn4", "conv5", "bn5", "down", "downbn"], ["conv2", "bn2", "conv3", "bn3"], ["conv1", "bn1"]]
    var factors: [ParameterID: Float] = [:]
    for declaration in tinyResNet.parameters {
      if let depth = parts.firstIndex(where: { $0.contains(declaration.id.path) }) {
        factors[declaration.id] = pow(1 / 3, Float(depth + 1))
      }
    }
    return factors
  }

  private func start(
    _ recipe: Recipe, threads: Int = 2, parameters: Parameters? = nil, instructionSet: InstructionSet = .best
  ) throws -> TrainingState {
    let trained = recipe.graph.parameters.filter { recipe.trainsNormsOnly ? $0.role == .affine : $0.role != .buffer }
    return try TrainingState(
      graph: recipe.graph, parameters: parameters ?? Self.golden.parameters(for: recipe.graph, under: recipe.state),
      plan: TrainablePlan(trainable: Set(trained.map(\.id)), learningRateFactors: recipe.factors), loss: recipe.loss,
      optimizer: recipe.optimizer, startingPoint: recipe.pullsToStart ? Self.pretrained : nil,
      inputs: ["images": FeatureShape(channels: 3, height: 16, width: 14)], seed: 1, threads: threads, instructionSet: instructionSet)
  }

  private static var pretrained: Parameters {
    let all = golden.parameters(for: tinyResNet, under: "state")
    return all.matching(tinyResNet.parameters.filter { $0.id.path != "fc" })
  }

  private func batch(_ step: Int) -> (images: [String: FeatureMaps], targets: [Int?]) {
    let images = Self.golden["images"].items(step..<(step + 1)).reshaped(to: [6, 3, 16, 14])
    return (["images": FeatureMaps(images)], (0..<6).map { Int(Self.golden["targets"][step * 6 + $0]) })
  }

  private func run(_ state: inout TrainingState, _ steps: Range<Int>, _ recipe: Recipe) throws -> [Double] {
    try steps.map { step in
      let (images, targets) = batch(step)
      return try state.step(images, targets: .classes(targets), learningRate: recipe.rate, stepIndex: step).loss
    }
  }

  @Test(
    "Ten steps have PyTorch's losses, and leave its weights and running statistics", arguments: recipes, InstructionSet.available)
  func tenSteps(_ recipe: Recipe, _ instructionSet: InstructionSet) throws {
    var state = try start(recipe, instructionSet: instructionSet)
    for (step, loss) in try run(&state, 0..<10, recipe).enumerated() {
      #expect(abs(loss - Double(Self.golden["\(recipe.name)/losses"][step])) < 1e-4, "step \(step)")
    }
    let after = state.finish()
    for id in after.ids {
      #expect(relativeError(after[id], Self.golden["\(recipe.name)/after/\(id)"]) < 1e-3, "\(id)")
    }
  }

  @Test("One, two and three threads give the same bits", arguments: recipes)
  func threads(_ recipe: Recipe) throws {
    var ends: [Parameters] = []
    for threads in 1...3 {
      var state = try start(recipe, threads: threads)
      _ = try run(&state, 0..<3, recipe)
      ends.append(state.finish())
    }
    for id in ends[0].ids { #expect(ends[1][id] == ends[0][id] && ends[2][id] == ends[0][id], "\(id)") }
  }

  @Test("Continuing from saved parameters and optimizer state gives the bits of an uninterrupted run", arguments: recipes)
  func resumes(_ recipe: Recipe) throws {
    var whole = try start(recipe)
    _ = try run(&whole, 0..<6, recipe)
    var first = try start(recipe)
    _ = try run(&first, 0..<3, recipe)
    let memory = first.optimizerState
    var second = try start(recipe, parameters: first.finish())
    second.optimizerState = memory
    _ = try run(&second, 3..<6, recipe)
    let (a, b) = (whole.finish(), second.finish())
    for id in a.ids { #expect(a[id] == b[id], "\(id)") }
  }

  @Test("A batch whose loss isn't a number changes nothing and names the layer")
  func nonFinite() throws {
    var parameters = Self.golden.parameters(for: tinyResNet, under: "state")
    parameters["conv3", "weight"][5] = .infinity
    var state = try start(Self.recipes[0], parameters: parameters)
    let (images, targets) = batch(0)
    #expect(throws: RunError.nonFinite(step: 7, node: "conv3")) {
      try state.step(images, targets: .classes(targets), learningRate: 0.1, stepIndex: 7)
    }
    let after = state.finish()
    for id in after.ids { #expect(after[id] == parameters[id]) }
  }

  @Test("Targets outside the classes, of another count, or none at all are refused")
  func targets() throws {
    var state = try start(Self.recipes[0])
    let (images, targets) = batch(0)
    #expect(throws: RunError.target(4, classes: 4)) {
      try state.step(images, targets: .classes([4] + targets.dropFirst()), learningRate: 0.1, stepIndex: 0)
    }
    #expect(throws: RunError.batch(expected: 6, found: 5)) {
      try state.step(images, targets: .classes(Array(targets.dropFirst())), learningRate: 0.1, stepIndex: 0)
    }
    #expect(throws: RunError.noTargets) {
      try state.step(images, targets: .classes(Array(repeating: nil, count: 6)), learningRate: 0.1, stepIndex: 0)
    }
  }

  @Test("A parameter that the logits don't depend on can't train")
  func deadParameters() throws {
    let graph = try Graph(
      nodes: tinyResNet.nodes + [Node("aside", .convolution(ConvolutionOperator(12, 2, kernel: 1)), ["block2"])], outputs: ["fc"])
    let dead = ParameterID(path: "aside", field: "weight")
    #expect(throws: PlanError.notTrainable(dead)) {
      _ = try Program(
        graph: graph, inputs: ["images": FeatureShape(channels: 3, height: 16, width: 14)], batch: 2,
        purpose: .gradients(of: .crossEntropy(), for: TrainablePlan(trainable: [dead])))
    }
  }
}
