import Graphs

/// A run's phases laid over its epochs: which epochs each has, on which graph it runs, and when stored statistics are out of date.
///
/// A function of the strategy's phases and the configuration, so that a resumed run finds itself again by its epoch alone.
struct TrainingCourse {
  struct Stretch {
    let phase: TrainingPhase
    /// The whole network in the phase's training modes.
    let graph: Graph
    let epochs: Range<Int>
    /// The run's schedule over these epochs, with their share of the warm-up.
    let schedule: LearningRateSchedule
    /// Whether a normalization reads stored statistics that earlier phases, or a missing first estimate, left out of date.
    let estimatesBefore: Bool
    /// Whether stored statistics are out of date while it lasts: validation then estimates them first.
    let isStaleWithin: Bool
  }

  let stretches: [Stretch]
  /// Everything that trains in any phase.
  let plan: TrainablePlan
  /// Whether stored statistics are out of date when training ends.
  let isStaleAfter: Bool

  /// - Throws: `TrainingError.setting` where there are fewer epochs than phases.
  init(_ graph: Graph, phases: [TrainingPhase], plan: TrainablePlan, configuration: TrainingConfiguration) throws(TrainingError) {
    precondition(
      phases.allSatisfy { $0.plan.trainable.isSubset(of: plan.trainable) }, "a phase trains what the strategy's plan doesn't name")
    let bounds = try Self.bounds(of: phases, epochs: configuration.epochs)
    var stale = Set(graph.normalizations.filter(\.operation.keepsStatistics).map(\.name))
    var stretches: [Stretch] = []
    for (index, var phase) in phases.enumerated() {
      phase.plan.keptRows = plan.keptRows.filter { phase.plan.trains($0.key) }
      let graph = phase.trainingSource.map { graph.training(from: $0, under: phase.plan) } ?? graph
      let estimates = graph.normalizations.contains { $0.operation.readsStoredWhileTraining && stale.contains($0.name) }
      if estimates { stale = [] }
      stale.formUnion(graph.normalizationsMoved(by: phase.plan))
      var schedule = configuration.schedule
      schedule.warmUpEpochs *= Double(bounds[index + 1] - bounds[index]) / Double(configuration.epochs)
      stretches.append(
        Stretch(
          phase: phase, graph: graph, epochs: bounds[index]..<bounds[index + 1], schedule: schedule, estimatesBefore: estimates,
          isStaleWithin: !stale.isEmpty))
    }
    self.stretches = stretches
    self.plan = plan
    isStaleAfter = !stale.isEmpty
  }

  /// Where phases begin, and where the last one ends: shares rounded to whole epochs, one at least for each.
  private static func bounds(of phases: [TrainingPhase], epochs: Int) throws(TrainingError) -> [Int] {
    guard epochs >= phases.count else {
      throw .setting(name: "epochs", found: "\(epochs)", expected: "\(phases.count) or more, one for each phase of the strategy")
    }
    let whole = phases.reduce(0) { $0 + $1.share }
    var sum = 0.0
    var bounds = [0]
    for (index, phase) in phases.enumerated() {
      sum += phase.share
      let bound = Int((Double(epochs) * sum / whole).rounded())
      bounds.append(min(max(bound, bounds[index] + 1), epochs - (phases.count - 1 - index)))
    }
    return bounds
  }
}

extension NormalizationOperator {
  /// Whether it normalizes by its stored statistics while training.
  var readsStoredWhileTraining: Bool { keepsStatistics && trainingSource == .stored }
}
