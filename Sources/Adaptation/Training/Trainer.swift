import Cohorts
import Engine
import Evaluation
import Graphs
import ModelFiles
import Tensors

/// What training gave beside the weights.
struct TrainingOutcome: Sendable {
  let rows: [EpochMetrics]
  /// The epoch whose weights were taken, from 0; nil for those before the first.
  let chosenEpoch: Int?
  let phases: [PhaseReport]
  /// In the phase that drops most.
  let droppedPerEpoch: Int
  /// Labelled training scans per class, in index order.
  let scansPerClass: [Int]
  /// Labels of the model that no training scan bears.
  let unusedLabels: [String]
  /// Each scanner's own gamma and beta; empty where all are shared.
  let own: [ScannerID: [ParameterID: Tensor]]
  /// Of a training without labels.
  let unlabelled: UnlabelledTraining?
}

/// Trains what a course names, phase after phase, on the training patients' scans: the labelled ones, or all where the objective reads no
/// label.
///
/// In each phase the frozen prefix runs once where no augmentation precedes it and reading its features is cheaper than computing them
/// again: they are kept in half the memory, or in a scratch file beside the scan cache. Else prepared scans are kept if they fit a quarter
/// of the memory; else they are read again in each epoch. Which of them doesn't change a bit of the result.
struct Trainer {
  let configuration: TrainingConfiguration
  let budget: ComputeBudget
  let scans: RunScans
  /// Brings stored statistics up to the weights, where a phase or validation reads them.
  let statistics: StatisticsEstimation
  /// Where a batch holds one scanner's scans; nil lets scanners mix.
  var perScanner: PerScannerNormalization?
  /// Pretrained values of what trains: where L2-SP pulls to.
  let startingPoint: Parameters
  /// Ends each phase after so many steps, to measure what they cost; nil trains.
  var stepsPerPhase: Int?
  let observer: TrainingObserver

  /// - Parameter model: its parameters become the trained ones. Its statistics are those that the first phase reads.
  func train(
    _ model: inout Model, through course: TrainingCourse, for objective: TrainingObjective, on training: TrainingScans,
    validatingOn validation: ValidationScans? = nil, checkpoint: CheckpointFile? = nil
  ) throws -> TrainingOutcome {
    try configuration.validate(for: objective)
    let material = try TrainingMaterial(objective, of: training, card: model.card, configuration: configuration, scans: scans)
    let watch = try objective.rule.map {
      try CollapseWatch(
        $0, model, on: material.records, scans: scans,
        reestimating: course.stretches.contains(where: \.isStaleWithin) ? statistics : nil, budget: budget, seed: configuration.seed)
    }
    // Validation would need each scanner's statistics after every epoch.
    if perScanner != nil, configuration.earlyStopping != nil { throw TrainingError.earlyStoppingOfScanners }
    let isValidated = perScanner == nil && objective.needsLabels
    let validated = try ValidationSet(isValidated ? validation : nil, for: model.card, scans: scans)
    if configuration.earlyStopping != nil, validated == nil { throw TrainingError.earlyStoppingWithoutValidation }
    if configuration.earlyStopping?.measure == .validationAUROC, validated?.targets.haveRanking != true {
      throw TrainingError.measureUndefined(.validationAUROC)
    }
    let keeper = checkpoint.map { CheckpointKeeper($0, observer: observer) }
    let saved = try keeper?.load()
    var point = TrainingPoint(model.parameters, resuming: saved)
    point.turns = perScanner.map {
      ScannerTurns(
        material.records.map(\.scanner), ownsAffine: $0.ownsAffine, plan: course.plan, parameters: model.parameters, resuming: saved?.turns)
    }
    let steps = try course.stretches.map { try stepsPerEpoch(of: $0, scans: material.records, point.turns) }
    if saved != nil { observer.report(.resumed(epoch: point.progress.epoch, step: point.progress.step)) }
    var phases: [PhaseReport] = []
    var firstStep = 0
    for (index, stretch) in course.stretches.enumerated() {
      defer { firstStep += steps[index].count * stretch.epochs.count }
      guard point.progress.epoch < stretch.epochs.upperBound else {
        phases.append(PhaseReport(stretch, rows: point.progress.rows, inputs: nil))
        continue
      }
      if course.stretches.count > 1 {
        observer.report(.phase(stretch.phase.name, number: index, of: course.stretches.count, epochs: stretch.epochs.count))
      }
      model = try model.replacingGraph(stretch.graph)
      model.parameters = point.parameters
      // A run that goes on within the phase has this estimate in its checkpoint.
      let begins = point.progress.epoch == stretch.epochs.lowerBound && point.progress.step == 0
      if index > 0, begins, stretch.estimatesBefore {
        observer.report(.recalibrating)
        try statistics.estimate(&model)
        point.parameters = model.parameters
      }
      let (inputs, kind) = try TrainingInputs.make(
        model, plan: stretch.phase.plan, records: material.records, configuration: configuration, budget: budget, scans: scans)
      let validator = try validated.map {
        try EpochValidation(
          model, plan: stretch.phase.plan, on: $0, budget: budget, scans: scans, reestimating: stretch.isStaleWithin ? statistics : nil)
      }
      let loop = TrainingLoop(
        configuration: configuration, stretch: stretch, plan: course.plan, inputs: inputs, material: material, startingPoint: startingPoint,
        firstStep: firstStep, stepsPerEpoch: steps[index].count, stepLimit: stepsPerPhase, threads: budget.threads, observer: observer,
        checkpoint: keeper, validate: validator.map { $0.measures }, watch: watch)
      try loop.run(&point)
      point.endPhase(before: stretch.epochs.upperBound)
      try keeper?.saveIfDue(Checkpoint(point, plan: course.plan))
      phases.append(PhaseReport(stretch, rows: point.progress.rows, inputs: kind))
    }
    model.parameters = point.parameters
    for (id, value) in point.turns?.mean ?? [:] { model.parameters[id] = value }
    let rows = point.progress.rows
    let unlabelled = point.progress.unlabelled?.report
    let labelled = point.best == nil ? rows.last?.epoch : point.progress.stopping.bestEpoch
    return TrainingOutcome(
      rows: rows, chosenEpoch: unlabelled.map { $0.epochsKept == 0 ? nil : $0.epochsKept - 1 } ?? labelled ?? 0, phases: phases,
      droppedPerEpoch: steps.map(\.dropped).max() ?? 0, scansPerClass: material.scansPerClass, unusedLabels: material.unusedLabels,
      own: point.turns?.own ?? [:], unlabelled: unlabelled)
  }

  /// Each epoch of a phase has the same number, whatever its order, and leaves out the same number of scans.
  private func stepsPerEpoch(
    of stretch: TrainingCourse.Stretch, scans records: [ScanRecord], _ turns: ScannerTurns?
  ) throws(TrainingError) -> (count: Int, dropped: Int) {
    let count = records.count
    let dropsSingle = stretch.graph.usesBatchStatisticsWhileTraining
    let batches = EpochOrder(
      count: count, scanners: turns?.numbers, configuration: configuration, epoch: 0, dropsSingle: dropsSingle
    ).batches
    if dropsSingle, let single = batches.first(where: { $0.count == 1 }) {
      if turns != nil { throw .singleScan(scanner: records[single[0]].scanner, batchSize: configuration.batchSize) }
      throw .batchOfOne(scans: count, batchSize: configuration.batchSize)
    }
    return (batches.count, count - batches.reduce(0) { $0 + $1.count })
  }
}
