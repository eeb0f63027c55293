import Engine
import Graphs
import Tensors
import Testing

/// The training of `tools/golden/engine_domain_norms.py`, with one set of gamma and beta in place at a time.
@Suite("Two sets of gamma and beta that take turns in one training")
struct TakingTurnsTests {
  private static let golden = try! GoldenData("domain_norms")

  private static func graph() throws -> Graph {
    func conv(_ name: String, _ inputs: Int, _ outputs: Int, stride: Int, from input: String) -> Node {
      Node(name, .convolution(ConvolutionOperator(inputs, outputs, kernel: 3, stride: stride)), [input])
    }
    func norm(_ name: String, _ channels: Int, from input: String) -> Node {
      Node(name, .normalization(NormalizationOperator(channels: channels, updatesStored: nil)), [input])
    }
    return try Graph(
      nodes: [
        Node("images", .input(InputOperator(channels: 2))),
        conv("conv1", 2, 6, stride: 1, from: "images"), norm("norm1", 6, from: "conv1"), Node("r1", .activation(.relu), ["norm1"]),
        conv("conv2", 6, 8, stride: 2, from: "r1"), norm("norm2", 8, from: "conv2"), Node("r2", .activation(.relu), ["norm2"]),
        Node("pool", .globalAveragePooling, ["r2"]),
        Node("head", .linear(LinearOperator(inputFeatures: 8, outputFeatures: 2)), ["pool"]),
      ], outputs: ["head"], features: "pool")
  }

  private static func start(_ graph: Graph) -> Parameters {
    var parameters = golden.parameters(for: graph, under: "state")
    for id in parameters.ids where ["weight", "running_var"].contains(id.field) && id.path.hasPrefix("norm") {
      parameters[id] = Tensor(shape: parameters.shape(of: id), repeating: 1)
    }
    return parameters
  }

  private static func state(_ graph: Graph, _ parameters: Parameters, _ trainable: [ParameterID]) throws -> TrainingState {
    try TrainingState(
      graph: graph, parameters: parameters, plan: TrainablePlan(trainable: Set(trainable)),
      loss: .crossEntropy(classWeights: nil, labelSmoothing: 0), optimizer: Optimizer(.sgd(momentum: 0.9, weightDecay: 0)),
      inputs: ["images": FeatureShape(channels: 2, height: 8, width: 8)], seed: 1, threads: 2)
  }

  private static func step(_ number: Int, _ state: inout TrainingState) throws -> Double {
    let targets = golden["step\(number)/targets"].values.map { Int($0) }
    return try state.step(
      ["images": FeatureMaps(golden["step\(number)/images"])], targets: .classes(targets), learningRate: 0.1, stepIndex: number
    ).loss
  }

  private static func domain(_ step: Int) -> Int { Int(golden["step\(step)/domain"][0]) }

  @Test("Losses and all weights are those of PyTorch with a BatchNorm for each domain")
  func likePyTorch() throws {
    let graph = try Self.graph()
    let trainable = graph.parameters.filter { $0.role != .buffer }.map(\.id)
    let affine = graph.parameters.filter { $0.role == .affine }.map(\.id)
    let parameters = Self.start(graph)
    var state = try Self.state(graph, parameters, trainable)
    var slices = [TrainedSlice](
      repeating: TrainedSlice(values: Dictionary(uniqueKeysWithValues: affine.map { ($0, parameters[$0]) })), count: 2)
    var active = 0
    for number in 0..<8 {
      if Self.domain(number) != active {
        slices[active] = state.exchange(for: slices[1 - active])
        active = 1 - active
      }
      let loss = try Self.step(number, &state)
      #expect(abs(loss - Double(Self.golden["step\(number)/loss"][0])) < 2e-5, "step \(number)")
    }
    slices[active] = state.exchange(for: slices[active])
    let after = state.finish()
    for id in trainable where !id.path.hasPrefix("norm") {
      #expect(relativeError(after[id], Self.golden["after/\(id)"]) < 1e-4, "\(id)")
    }
    for domain in 0..<2 {
      for id in affine {
        let expected = Self.golden["after/\(id.path).\(domain).\(id.field)"]
        #expect(relativeError(slices[domain].values[id]!, expected) < 1e-4, "\(id) of domain \(domain)")
      }
    }
  }

  @Test("Where nothing is shared, each set ends with the bits it would have got alone")
  func alone() throws {
    let graph = try Self.graph()
    let affine = graph.parameters.filter { $0.role == .affine }.map(\.id)
    let parameters = Self.start(graph)
    let first = TrainedSlice(values: Dictionary(uniqueKeysWithValues: affine.map { ($0, parameters[$0]) }))
    var slices = [first, first]
    var state = try Self.state(graph, parameters, affine)
    for number in 0..<8 {
      let own = Self.domain(number)
      let idle = state.exchange(for: slices[own])
      _ = try Self.step(number, &state)
      slices[own] = state.exchange(for: idle)
    }
    for domain in 0..<2 {
      var single = try Self.state(graph, parameters, affine)
      for number in 0..<8 where Self.domain(number) == domain { _ = try Self.step(number, &single) }
      let alone = single.finish()
      for id in affine { #expect(slices[domain].values[id] == alone[id], "\(id) of domain \(domain)") }
    }
  }
}
