import Adaptation
import Engine
import Files
import Foundation
import Graphs
import ModelFiles
import Normalization
import RandomStreams
import Testing

@Suite("Strategies that choose how deep to train")
struct DepthStrategyTests {
  private let cohort: StripesCohort
  private let source: Model

  init() throws {
    cohort = try StripesCohort(patients: 8)
    source = try StripesCohort.model()
  }

  private func run(
    _ specification: String, _ configuration: TrainingConfiguration = TrainingConfiguration(epochs: 2, batchSize: 8, learningRate: 1e-2)
  ) throws -> AdaptationRun.Result {
    try AdaptationRun(StrategyCatalogue.strategy(specified: specification), training: configuration, budget: ComputeBudget(threads: 1))
      .adapt(source, to: cohort.training(), loader: StripesCohort.loader)
  }

  /// The paths whose weights, biases, gammas or betas moved.
  private func moved(_ result: AdaptationRun.Result) -> Set<ParameterID> {
    Set(source.parameters.ids.filter { source.parameters.role(of: $0) != .buffer && result.model.parameters[$0] != source.parameters[$0] })
  }

  @Test("bias-only moves the betas and the head, and no gamma and no kernel")
  func biasOnly() throws {
    let result = try run("bias-only")
    let betas = (1...4).map { ParameterID(path: "block\($0).bn", field: "bias") }
    #expect(moved(result) == Set(betas + ["weight", "bias"].map { ParameterID(path: "fc", field: $0) }))
    // 16 + 32 + 64 + 64 betas and a head of 64 × 2 + 2.
    #expect(result.report.trainedParameters == 176 + 130)
  }

  @Test("ResNet-18 has torchvision's 4,800 betas below the head")
  func betasOfResNet() throws {
    var model = try Self.model(.resnet18)
    let plan = try BiasOnly(head: .keep).prepare(&model)
    #expect(model.graph.parameters.reduce(0) { plan!.trains($1.id) ? $0 + $1.shape.count : $0 } == 4800)
  }

  @Test("last-block moves its blocks and the head, on features kept from below")
  func lastBlock() throws {
    let last = try run("last-block")
    #expect(Set(moved(last).map(\.path)) == ["block4.conv", "block4.bn", "fc"])
    #expect(last.report.inputs == .keptFeatures)
    #expect(Set(moved(try run("last-block:blocks=2")).map(\.path)) == ["block3.conv", "block3.bn", "block4.conv", "block4.bn", "fc"])
    #expect(Set(moved(try run("last-block:layers=block1.*")).map(\.path)) == ["block1.conv", "block1.bn", "fc"])
  }

  @Test(
    "What can't be meant is refused", arguments: ["last-block:blocks=5", "last-block:blocks=0", "last-block:blocks=2,layers=block1.*"])
  func refused(specification: String) { #expect(throws: StrategyError.self) { try run(specification) } }

  @Test("A pattern that matches no layer is refused")
  func noMatch() {
    #expect(throws: LayerSelectionError.self) { try run("last-block:layers=layer9.*") }
  }

  @Test(
    "Gradual unfreezing trains the head, then part after part from the last, and ends with everything",
    arguments: [Architecture.resnet18, .mobileNetV2, .denseNet121, .vgg11BN, .efficientNetLite0, .smallCNN])
  func gradual(architecture: Architecture) throws {
    var model = try Self.model(architecture)
    let strategy = GradualUnfreezing()
    let whole = try #require(try strategy.prepare(&model))
    let phases = try strategy.phases(of: model, training: whole)
    let graph = model.graph
    let head = Set(graph.headParameters.map(\.id))
    #expect(phases[0].plan.trainable == head)
    #expect(phases.last?.plan.trainable == Set(graph.parameters.filter { $0.role != .buffer }.map(\.id)))
    let stages = graph.backboneParts(by: .stage)
    #expect(phases.count == 5)
    // The number of stages that each phase trains: four shares, the last stage first.
    let expected = stages.count == 4 ? [0, 1, 2, 3, 4] : [0, 1, 2, 3, 5]
    let order = Dictionary(uniqueKeysWithValues: graph.parameters.enumerated().map { ($1.id, $0) })
    for (phase, count) in zip(phases, expected) {
      let trained = Set(stages.suffix(count).flatMap(\.parameters)).filter { graph.role(of: $0) != .buffer }
      #expect(phase.plan.trainable == head.union(trained), "\(phase.name)")
      // What is frozen lies below all that trains.
      let lowest = phase.plan.trainable.map { order[$0]! }.min()!
      #expect(graph.parameters.allSatisfy { $0.role == .buffer || order[$0.id]! < lowest || phase.plan.trains($0.id) })
    }
  }

  @Test("In a phase of gradual unfreezing what is frozen keeps its features, and the last phase moves the stem")
  func gradualRun() throws {
    let result = try run("gradual-unfreezing", TrainingConfiguration(epochs: 5, batchSize: 8, learningRate: 1e-2))
    #expect(result.report.phases.map(\.name) == ["head", "from block4", "from block3", "from block2", "from block1"])
    // A single convolution isn't worth its features' memory: it is computed again in each step.
    #expect(result.report.phases.map(\.inputs) == [.keptFeatures, .keptFeatures, .keptFeatures, .keptScans, .keptScans])
    #expect(moved(result).contains(ParameterID(path: "block1.conv", field: "weight")))
    let trained = result.report.phases.map(\.trainedParameters)
    #expect(zip(trained, trained.dropFirst()).allSatisfy { $0 < $1 })
  }

  @Test("Discriminative rates fall by the decay from stage to stage, and the head trains at the full rate")
  func discriminative() throws {
    var model = try Self.model(.resnet18)
    let plan = try #require(try Discriminative(decay: 0.5).prepare(&model))
    func factor(_ path: String) -> Float { plan.learningRateFactors[ParameterID(path: path, field: "weight")] ?? 1 }
    #expect(factor("fc") == 1)
    #expect(
      ["layer4.1.conv2", "layer4.0.bn1", "layer3.0.conv1", "layer2.1.bn2", "layer1.0.conv1", "conv1"].map(factor)
        == [0.5, 0.5, 0.25, 0.125, 0.0625, 0.03125])
  }

  private static func model(_ architecture: Architecture) throws -> Model {
    let side = architecture == .smallCNN ? 16 : 224
    return try Model.initialized(
      architecture,
      card: ModelCard(
        architecture: architecture, labels: ["a", "b"], preprocessing: StripesCohort.preprocessing,
        inputShape: FeatureShape(channels: 1, height: side, width: side)), seed: 1)
  }
}

extension Graph {
  fileprivate func role(of id: ParameterID) -> ParameterRole? { parameters.first { $0.id == id }?.role }
}
