import Cohorts
import Engine
import Evaluation
import Graphs
import ModelFiles
import Tensors

/// What training gave beside the weights.
struct TrainingOutcome: Sendable {
  let rows: [EpochMetrics]
  /// The epoch whose weights were taken, from 0.
  let chosenEpoch: Int
  let inputs: TrainingInputsKind
  let droppedPerEpoch: Int
  /// Labelled training scans per class, in index order.
  let scansPerClass: [Int]
  /// Labels of the model that no training scan bears.
  let unusedLabels: [String]
}

/// Trains what a plan names on the training patients' labelled scans.
///
/// The frozen prefix runs once where no augmentation precedes it and reading its features is cheaper than computing them again: they are
/// kept in half the memory, or in a scratch file beside the scan cache. Else prepared scans are kept if they fit a quarter of the memory;
/// else they are read again in each epoch. Which of them doesn't change a bit of the result.
struct Trainer {
  let configuration: TrainingConfiguration
  let budget: ComputeBudget
  let scans: RunScans
  let observer: TrainingObserver

  /// - Parameters:
  ///   - model: its parameters become the trained ones; its normalizations' training modes are those in the graph.
  ///   - reestimating: brings statistics up to the weights before validation looks; nil where they don't go stale.
  func train(
    _ model: inout Model, plan: TrainablePlan, on training: TrainingScans, validatingOn validation: ValidationScans? = nil,
    reestimating: StatisticsEstimation? = nil, checkpoint: CheckpointFile? = nil
  ) throws -> TrainingOutcome {
    try configuration.validate()
    let vocabulary = try LabelVocabulary(model.card.labels)
    let labelled = training.labelledRecords.sorted { $0.id < $1.id }
    guard !labelled.isEmpty else { throw TrainingError.noLabels(scans: training.count) }
    _ = try vocabulary.targets(of: labelled)
    let readable = scans.readable(labelled)
    guard !readable.isEmpty else {
      throw TrainingError.noReadableScans(listed: labelled.count, first: scans.failures.first.map(UnreadableScan.init))
    }
    let targets = try vocabulary.targets(of: readable).compactMap(\.self)
    let counts = vocabulary.counts(of: targets)
    guard counts.count(where: { $0 > 0 }) > 1 else {
      throw TrainingError.oneClass(label: vocabulary.labels[targets[0]], scans: targets.count)
    }

    let (inputs, kind) = try TrainingInputs.make(
      model, plan: plan, records: readable, configuration: configuration, budget: budget, scans: scans)
    let validator = try validation.flatMap { validation in
      try EpochValidation(
        model, plan: plan, on: validation, vocabulary: vocabulary, budget: budget, scans: scans, reestimating: reestimating)
    }
    if configuration.earlyStopping != nil, validator == nil { throw TrainingError.earlyStoppingWithoutValidation }
    if configuration.earlyStopping?.measure == .validationAUROC, validator?.classes ?? 0 < 2 {
      throw TrainingError.measureUndefined(.validationAUROC)
    }

    let loop = TrainingLoop(
      configuration: configuration, inputs: inputs, plan: plan, classWeights: configuration.classWeighting.weights(for: counts),
      targets: targets, threads: budget.threads, observer: observer, checkpoint: checkpoint, validate: validator.map { $0.measures })
    let outcome = try loop.run(from: model.parameters)
    model.parameters = outcome.parameters
    return TrainingOutcome(
      rows: outcome.rows, chosenEpoch: outcome.epoch, inputs: kind, droppedPerEpoch: outcome.droppedSingles, scansPerClass: counts,
      unusedLabels: vocabulary.unused(by: readable))
  }
}
