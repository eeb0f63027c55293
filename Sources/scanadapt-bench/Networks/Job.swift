import Engine
import Graphs
import RandomStreams
import Tensors

/// A whole job to time: what a user waits for, on seeded weights and images.
enum Job: String, CaseIterable, Codable {
  case inference
  case statistics
  case bnOnly = "bn-only"
  case full
  case linearProbe = "linear-probe"

  /// A closure that does the job once, with everything that is made once already made.
  func prepared(_ network: Architecture, batch: Int, size: Int, threads: Int) throws -> () throws -> Void {
    let classes = 1000
    let graph = network.graph(classes: classes)
    let parameters = graph.initialParameters(seed: 0)
    let shape = FeatureShape(channels: 3, height: size, width: size)
    var stream = RandomStream(seed: 0, purpose: "bench images")
    let images = FeatureMaps(
      Tensor(shape: [batch, 3, size, size], values: (0..<(batch * shape.count)).map { _ in Float(stream.uniform(-1, 1)) }))
    let targets = Targets.classes((0..<batch).map { $0 * 37 % classes })

    switch self {
    case .inference, .statistics:
      let purpose: Purpose = self == .inference ? .inference() : .statistics
      let executor = try Executor(graph: graph, parameters: parameters, input: shape, purpose: purpose, threads: threads)
      return { _ = try executor.run(["input": images]) }
    case .bnOnly, .full, .linearProbe:
      let plan = try TrainablePlan(trainable: trained(of: graph, network))
      let training = TrainingBox(
        try TrainingState(
          graph: self == .linearProbe ? graph.withStoredStatistics : graph, parameters: parameters, plan: plan, loss: .crossEntropy(),
          optimizer: Optimizer(.sgd(momentum: 0.9)), inputs: ["input": shape], seed: 0, threads: threads))
      return { _ = try training.state.step(["input": images], targets: targets, learningRate: 1e-3, stepIndex: 0) }
    }
  }

  private func trained(of graph: Graph, _ network: Architecture) -> Set<ParameterID> {
    let chosen = graph.parameters.filter { declaration in
      switch self {
      case .bnOnly: declaration.role == .affine
      case .linearProbe: declaration.id.path.hasPrefix(network.headPath)
      default: declaration.role != .buffer
      }
    }
    return Set(chosen.map(\.id))
  }
}

/// Holds a training state, which can't be copied, for a closure that runs it again and again.
private final class TrainingBox {
  var state: TrainingState

  init(_ state: consuming TrainingState) { self.state = state }
}

extension Graph {
  fileprivate var withStoredStatistics: Graph {
    mapNormalizations { _, operation in
      var frozen = operation
      frozen.trainingSource = .stored
      frozen.updatesStored = nil
      return frozen
    }
  }
}
