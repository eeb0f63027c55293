import Engine
import Graphs
import ModelFiles

/// How hard labelled scans pull at one layer for its size: `||g|| / ||w||` over all its parameters, the mean over some batches.
struct LayerPull: Hashable, Sendable, Codable {
  let layer: String
  let norm: Double

  /// Layers below the head whose values aren't all 0, in node order, over the batches that the first epoch begins with.
  /// - Parameters:
  ///   - model: prepared for training.
  ///   - plan: layers without a part in it are left out.
  ///   - statistics: estimated first where a normalization reads them.
  /// - Throws: `TrainingError` where there is nothing to take a gradient of.
  static func measured(
    on evidence: TrainingEvidence, model: Model, plan: TrainablePlan, batches count: Int, statistics: StatisticsPolicy
  ) throws -> [LayerPull] {
    var model = model
    let records = evidence.labelled
    let targets = try TrainingTargets(records, for: model.card)
    guard !records.isEmpty else { throw TrainingError.noLabels(scans: evidence.records.count) }
    if model.graph.normalizations.contains(where: { $0.operation.readsStoredWhileTraining }) {
      try StatisticsEstimation(
        policy: statistics, prior: model.parameters, records: evidence.records, scans: evidence.scans, budget: evidence.budget
      ).estimate(&model)
    }
    let training = evidence.training
    let drawsFromBatch = model.graph.usesBatchStatisticsWhileTraining
    let batches = EpochOrder(
      count: records.count, batchSize: training.batchSize, seed: training.seed, epoch: 0, dropsSingle: drawsFromBatch
    ).batches.prefix(count)
    guard !drawsFromBatch || batches.allSatisfy({ $0.count > 1 }) else {
      throw TrainingError.batchOfOne(scans: records.count, batchSize: training.batchSize)
    }

    let head = Set(model.graph.headParameters.map(\.id))
    var layers: [String] = []
    var parameters: [String: [ParameterID]] = [:]
    for declaration in model.graph.parameters where plan.trains(declaration.id) && !head.contains(declaration.id) {
      if layers.last != declaration.id.path { layers.append(declaration.id.path) }
      parameters[declaration.id.path, default: []].append(declaration.id)
    }
    let sizes = layers.map { layer in parameters[layer]!.reduce(0) { $0 + squares(model.parameters[$1].values) }.squareRoot() }
    var sums = [Double](repeating: 0, count: layers.count)
    var state = try TrainingState(
      graph: model.graph, parameters: model.parameters, plan: plan, loss: targets.loss(training),
      optimizer: training.optimizer, inputs: model.inputs, seed: training.seed, threads: evidence.budget.threads)
    try evidence.scans.forEachBatch(batches.map { $0.map { records[$0] } }) { index, images in
      let outcome = try state.gradients([model.input: images], targets: targets.batch(batches[index]), stepIndex: index)
      for (index, layer) in layers.enumerated() where sizes[index] > 0 {
        let norm = parameters[layer]!.reduce(0) { $0 + squares(outcome.gradients[$1]!.values) }.squareRoot()
        sums[index] += norm / sizes[index]
      }
      return true
    }
    return layers.indices.filter { sizes[$0] > 0 }.map { LayerPull(layer: layers[$0], norm: sums[$0] / Double(batches.count)) }
  }

  private static func squares(_ values: some Sequence<Float>) -> Double { values.reduce(0.0) { $0 + Double($1) * Double($1) } }
}
