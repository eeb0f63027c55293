import Graphs

/// A stretch of training with a plan of its own: what trains, for how long, how fast, and from which statistics.
///
/// A strategy trains in one phase unless it says otherwise. Each phase starts a new optimizer and runs the learning-rate schedule from its
/// beginning, as separate trainings would; what it leaves is where the next one starts.
public struct TrainingPhase: Hashable, Sendable, Codable {
  /// As progress and reports name it: `head`.
  public var name: String
  public var plan: TrainablePlan
  /// Of all epochs, relative to the other phases' shares. Each phase gets one epoch at least.
  public var share: Double
  /// On the base learning rate, and on every factor of the plan.
  public var learningRateFactor: Double
  /// Where normalizations take their statistics from in this phase; nil leaves each as `prepare` set it. With `.batch` those draw from the
  /// batch that train or read what trains; below them nothing moves, the stored statistics hold, and features are kept.
  public var trainingSource: NormalizationOperator.Source?

  public init(
    _ name: String, _ plan: TrainablePlan, share: Double = 1, learningRateFactor: Double = 1,
    trainingSource: NormalizationOperator.Source? = nil
  ) {
    precondition(share > 0 && learningRateFactor > 0, "the phase '\(name)' of share \(share) at \(learningRateFactor) times the rate")
    self.name = name
    self.plan = plan
    self.share = share
    self.learningRateFactor = learningRateFactor
    self.trainingSource = trainingSource
  }
}

extension Graph {
  /// The graph with normalizations drawing from `source` while `plan` trains, wherever that makes a difference: those that train or read
  /// what trains. All others read their stored statistics, which nothing moves.
  func training(from source: NormalizationOperator.Source, under plan: TrainablePlan) -> Graph {
    guard source == .batch else { return training(from: .stored) }
    var moved: Set<String> = []
    for node in nodes {
      let trains = node.operation.parameters(at: node.name).contains { plan.trains($0.id) }
      if trains || node.inputs.contains(where: moved.contains) { moved.insert(node.name) }
    }
    return mapNormalizations { name, operation in
      var changed = operation
      changed.trainingSource = moved.contains(name) ? .batch : .stored
      changed.updatesStored = nil
      return changed
    }
  }
}
