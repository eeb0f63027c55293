import Engine
import Evaluation
import Graphs
import Tensors

/// Steps, epochs, validation, early stopping, checkpoints: training itself, on whatever the inputs are.
struct TrainingLoop {
  let configuration: TrainingConfiguration
  let inputs: any StepInputs
  let plan: TrainablePlan
  let classWeights: [Float]?
  /// Each scan's class, in the inputs' order.
  let targets: [Int]
  let threads: Int?
  let observer: TrainingObserver
  let checkpoint: CheckpointFile?
  /// The validation patients' measures at given parameters; nil where there are none.
  let validate: ((Parameters) throws -> ValidationMeasures)?

  struct Outcome {
    let parameters: Parameters
    let rows: [EpochMetrics]
    /// The epoch whose weights these are.
    let epoch: Int
    let droppedSingles: Int
  }

  func run(from start: Parameters) throws -> Outcome {
    let dropsSingle = inputs.graph.usesBatchStatisticsWhileTraining
    func order(_ epoch: Int) -> EpochOrder {
      EpochOrder(count: inputs.count, batchSize: configuration.batchSize, seed: configuration.seed, epoch: epoch, dropsSingle: dropsSingle)
    }
    let stepsPerEpoch = order(0).batches.count
    if dropsSingle, order(0).batches.contains(where: { $0.count == 1 }) {
      throw TrainingError.batchOfOne(scans: inputs.count, batchSize: configuration.batchSize)
    }

    var progress = TrainingProgress()
    var best: [ParameterID: Tensor]?
    var parameters = start
    let saved = try checkpoint?.load()
    var lastGood = saved == nil ? nil : checkpoint?.path
    if let saved {
      progress = saved.progress
      best = saved.best
      for (id, value) in saved.parameters { parameters[id] = value }
    }
    var state = try TrainingState(
      graph: inputs.graph, parameters: parameters, plan: plan,
      loss: .crossEntropy(classWeights: classWeights, labelSmoothing: configuration.labelSmoothing), optimizer: configuration.optimizer,
      inputs: inputs.shapes, seed: configuration.seed, threads: threads)
    if let saved {
      state.optimizerState = saved.optimizer
      observer.report(.resumed(epoch: progress.epoch, step: progress.step))
    }
    var lastSave = observer.seconds?()

    while progress.epoch < configuration.epochs, !isExhausted(progress) {
      let began = observer.seconds?()
      let epoch = progress.epoch
      let batches = order(epoch).batches
      let first = progress.step
      // The state can't be captured by an escaping closure; `forEachBatch` doesn't let it escape.
      try inputs.forEachBatch(Array(batches[first...]), epoch: epoch) { index, maps in
        if observer.shouldStop() {
          try checkpoint?.save(.init(state, plan: plan, progress: progress, best: best))
          throw Interrupted(epoch: epoch, step: progress.step, checkpoint: checkpoint?.path)
        }
        let chosen = batches[first + index].map { targets[$0] }
        let stepIndex = epoch * stepsPerEpoch + progress.step
        let rate =
          configuration.learningRate
          * configuration.schedule.factor(atStep: stepIndex, stepsPerEpoch: stepsPerEpoch, epochs: configuration.epochs)
        let outcome = try step(&state, maps, targets: chosen, rate: rate, stepIndex: stepIndex, lastGood: lastGood)
        progress.add(
          loss: outcome.loss, scans: chosen.count, correct: correct(outcome.logits, chosen), gradientNorm: outcome.gradientNorm)
        observer.report(.step(epoch: epoch, step: progress.step, stepsPerEpoch: stepsPerEpoch, loss: outcome.loss))
        return true
      }
      let row = try endEpoch(&progress, rate: lastRate(epoch, stepsPerEpoch), parameters: state.parameters, best: &best)
      let now = observer.seconds?()
      observer.report(.epoch(row, seconds: now.flatMap { end in began.map { end - $0 } }))
      if let checkpoint, checkpoint.isDue(last: lastSave, now: now) {
        try checkpoint.save(.init(state, plan: plan, progress: progress, best: best))
        observer.report(.checkpoint(path: checkpoint.path))
        lastSave = now
        lastGood = checkpoint.path
      }
    }

    var result = state.finish()
    if let best { for (id, value) in best { result[id] = value } }
    return Outcome(
      parameters: result, rows: progress.rows, epoch: best == nil ? max(progress.epoch - 1, 0) : progress.stopping.bestEpoch ?? 0,
      droppedSingles: inputs.count - order(0).batches.reduce(0) { $0 + $1.count })
  }

  private func lastRate(_ epoch: Int, _ stepsPerEpoch: Int) -> Double {
    configuration.learningRate
      * configuration.schedule.factor(
        atStep: (epoch + 1) * stepsPerEpoch - 1, stepsPerEpoch: stepsPerEpoch, epochs: configuration.epochs)
  }

  private func isExhausted(_ progress: TrainingProgress) -> Bool {
    configuration.earlyStopping.map { progress.stopping.isExhausted(under: $0) } ?? false
  }

  private func step(
    _ state: inout TrainingState, _ maps: [String: FeatureMaps], targets: [Int], rate: Double, stepIndex: Int, lastGood: String?
  ) throws -> StepOutcome {
    do {
      return try state.step(maps, targets: .classes(targets), learningRate: rate, stepIndex: stepIndex)
    } catch RunError.nonFinite(let step, let node) {
      throw TrainingError.notFinite(step: step, node: node, learningRate: rate, checkpoint: lastGood)
    }
  }

  /// Adds validation to the row and lets early stopping see it; remembers the best weights.
  private func endEpoch(
    _ progress: inout TrainingProgress, rate: Double, parameters: Parameters, best: inout [ParameterID: Tensor]?
  ) throws -> EpochMetrics {
    var row = progress.endEpoch(learningRate: rate)
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
      if isBest { best = Dictionary(uniqueKeysWithValues: plan.trainable.map { ($0, parameters[$0]) }) }
    }
    progress.rows.append(row)
    return row
  }

  private func correct(_ logits: FeatureMaps, _ targets: [Int]) -> Int {
    zip(logits.rows, targets).count { row, target in row.indices.max { row[$0] < row[$1] } == target }
  }
}
