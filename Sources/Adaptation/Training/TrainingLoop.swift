import Engine
import Evaluation
import Graphs
import Tensors

/// The steps and epochs of one phase, with validation, early stopping and checkpoints: training itself, on whatever the inputs are.
struct TrainingLoop {
  let configuration: TrainingConfiguration
  let stretch: TrainingCourse.Stretch
  /// Everything that trains in any phase of the run: what a checkpoint and the best epoch hold.
  let plan: TrainablePlan
  let inputs: any StepInputs
  /// Its scans in the inputs' order.
  let material: TrainingMaterial
  /// What L2-SP pulls to, in every phase.
  let startingPoint: Parameters?
  /// The number of the phase's first step in the whole run.
  let firstStep: Int
  let stepsPerEpoch: Int
  /// Steps after which the phase ends where it stands, its epoch uncounted; nil for none.
  let stepLimit: Int?
  let threads: Int?
  let observer: TrainingObserver
  let checkpoint: CheckpointKeeper?
  /// The validation patients' measures at given parameters; nil where there are none.
  let validate: ((Parameters) throws -> ValidationMeasures)?
  /// Where no label is read.
  let watch: CollapseWatch?

  /// Takes the point from where it stands to the end of the phase: its last epoch, or where early stopping or a collapse ends it.
  func run(_ point: inout TrainingPoint) throws {
    var state = try TrainingState(
      graph: inputs.graph, parameters: point.parameters, plan: stretch.phase.plan,
      loss: material.loss, optimizer: configuration.optimizer, startingPoint: startingPoint,
      inputs: inputs.shapes, seed: configuration.seed, threads: threads)
    if let optimizer = point.optimizer { state.optimizerState = optimizer }
    var progress = point.progress
    var best = point.best
    var turns = point.turns
    var taken = 0
    if let watch, progress.unlabelled == nil {
      progress.unlabelled = UnlabelledProgress(watch)
      best = trained(point.parameters)
    }

    while stretch.epochs.contains(progress.epoch), !isExhausted(progress) {
      let began = observer.seconds?()
      let epoch = progress.epoch
      let batches = order(epoch, point.turns).batches
      let first = progress.step
      // The state can't be captured by an escaping closure; `forEachBatch` doesn't let it escape.
      try inputs.forEachBatch(Array(batches[first...]), epoch: epoch) { index, maps in
        if observer.shouldStop() {
          try checkpoint?.save(Checkpoint(state, plan: plan, progress: progress, best: best, turns: turns))
          throw Interrupted(epoch: epoch, step: progress.step, checkpoint: checkpoint?.file.path)
        }
        let chosen = batches[first + index]
        turns?.take(chosen[0], in: &state)
        let outcome = try step(
          &state, maps, targets: material.targets(at: chosen), rate: rate(epoch, progress.step), stepIndex: stepIndex(epoch, progress.step))
        progress.add(
          loss: outcome.loss, scans: outcome.counted, correct: material.correct(outcome.logits, at: chosen), of: chosen.count,
          gradientNorm: outcome.gradientNorm)
        observer.report(.step(epoch: epoch, step: progress.step, stepsPerEpoch: stepsPerEpoch, loss: outcome.loss))
        taken += 1
        return taken != stepLimit
      }
      if taken == stepLimit {
        try reportWatchCost(at: state.parameters)
        progress = point.progress
        break
      }
      let row = try endEpoch(&progress, parameters: state.parameters, best: &best)
      let now = observer.seconds?()
      observer.report(.epoch(row, seconds: now.flatMap { end in began.map { end - $0 } }))
      // The end of a phase is another point to go on from: the trainer's.
      if stretch.epochs.contains(progress.epoch), !isExhausted(progress) {
        try checkpoint?.saveIfDue(Checkpoint(state, plan: plan, progress: progress, best: best, turns: turns))
      }
    }
    turns?.endPhase(state)
    point = TrainingPoint(parameters: state.finish(), progress: progress, best: best, turns: turns)
  }

  private func order(_ epoch: Int, _ turns: ScannerTurns?) -> EpochOrder {
    EpochOrder(
      count: inputs.count, scanners: turns?.numbers, configuration: configuration, epoch: epoch,
      dropsSingle: stretch.graph.usesBatchStatisticsWhileTraining)
  }

  private func stepIndex(_ epoch: Int, _ step: Int) -> Int { firstStep + (epoch - stretch.epochs.lowerBound) * stepsPerEpoch + step }

  private func rate(_ epoch: Int, _ step: Int) -> Double {
    configuration.learningRate * stretch.phase.learningRateFactor
      * stretch.schedule.factor(atStep: stepIndex(epoch, step) - firstStep, stepsPerEpoch: stepsPerEpoch, epochs: stretch.epochs.count)
  }

  private func isExhausted(_ progress: TrainingProgress) -> Bool {
    progress.unlabelled?.collapse != nil || configuration.earlyStopping.map { progress.stopping.isExhausted(under: $0) } ?? false
  }

  private func step(
    _ state: inout TrainingState, _ maps: [String: FeatureMaps], targets: Targets, rate: Double, stepIndex: Int
  ) throws -> StepOutcome {
    do {
      return try state.step(maps, targets: targets, learningRate: rate, stepIndex: stepIndex)
    } catch RunError.nonFinite(let step, let node) {
      throw TrainingError.notFinite(step: step, node: node, learningRate: rate, checkpoint: checkpoint?.lastGood)
    }
  }

  /// Adds validation to the row and lets early stopping see it; remembers the best weights.
  private func endEpoch(
    _ progress: inout TrainingProgress, parameters: Parameters, best: inout [ParameterID: Tensor]?
  ) throws -> EpochMetrics {
    var row = progress.endEpoch(phase: stretch.phase.name, learningRate: rate(progress.epoch, stepsPerEpoch - 1))
    if let measures = try validate?(parameters) {
      row.validationLoss = measures.loss
      row.validationAccuracy = measures.accuracy
      row.validationAUROC = measures.auroc
    }
    if let rule = configuration.earlyStopping {
      guard let value = rule.measure == .validationLoss ? row.validationLoss : row.validationAUROC else {
        throw TrainingError.measureUndefined(rule.measure)
      }
      // Outputs that aren't numbers give a loss that is none, whichever measure is watched.
      guard value.isFinite, row.validationLoss?.isFinite ?? true else { throw TrainingError.validationNotFinite(epoch: row.epoch) }
      let isBest = progress.stopping.observe(value, epoch: row.epoch, rule: rule)
      row.isBest = isBest
      if isBest { best = trained(parameters) }
    }
    if let watch, progress.unlabelled!.observe(try watch.state(at: parameters, epochs: row.epoch + 1), by: watch) {
      best = trained(parameters)
    }
    progress.rows.append(row)
    return row
  }

  /// What ends every epoch of a training without labels, for whoever measures what it costs.
  private func reportWatchCost(at parameters: Parameters) throws {
    guard let watch else { return }
    let began = observer.seconds?()
    let state = try watch.state(at: parameters, epochs: 1)
    let ended = observer.seconds?()
    observer.report(.watched(scans: state.scans, seconds: ended.flatMap { end in began.map { end - $0 } }))
  }

  private func trained(_ parameters: Parameters) -> [ParameterID: Tensor] {
    Dictionary(uniqueKeysWithValues: plan.trainable.map { ($0, parameters[$0]) })
  }
}
