import Cohorts
import Engine
import Graphs
import ModelFiles

/// Chooses where a run's steps read their inputs from.
enum TrainingInputs {
  /// - Parameter records: readable, in the order that batches count in.
  static func make(
    _ model: Model, plan: TrainablePlan, records: [ScanRecord], configuration: TrainingConfiguration, budget: ComputeBudget,
    scans: RunScans
  ) throws -> (any StepInputs, TrainingInputsKind) {
    if configuration.augmentation == nil {
      let cut = try FrozenPrefix(of: model.graph, under: plan, input: model.card.inputShape)
      let fits = cut.bytesPerScan * records.count <= budget.memory / 2
      if fits, cut.isWorthKeeping {
        let features = try FrozenFeatures(cut, model: model, records: records, budget: budget, scans: scans)
        return (KeptInputs(graph: cut.rest, shapes: cut.shapes, features: features), .keptFeatures)
      }
      if !fits, cut.isWorthSpilling, configuration.epochs > 1, let folder = scans.scratchFolder {
        let features = try FrozenFeatures(cut, model: model, records: records, budget: budget, scans: scans, spillingTo: folder)
        return (KeptInputs(graph: cut.rest, shapes: cut.shapes, features: features), .spilledFeatures)
      }
    }
    let kind: TrainingInputsKind = scans.areKept && configuration.augmentation == nil ? .keptScans : .streamed
    return (StreamedInputs(model: model, records: records, scans: scans, configuration: configuration), kind)
  }
}

/// Scans prepared anew in each epoch, from memory or from files, augmented where the configuration says so.
struct StreamedInputs: StepInputs {
  let model: Model
  let records: [ScanRecord]
  let scans: RunScans
  let configuration: TrainingConfiguration

  var graph: Graph { model.graph }
  var shapes: [String: FeatureShape] { model.inputs }
  var count: Int { records.count }

  func forEachBatch(_ batches: [[Int]], epoch: Int, _ body: (Int, [String: FeatureMaps]) throws -> Bool) throws {
    let augmentation = configuration.augmentation.map { EpochAugmentation($0, seed: configuration.seed, epoch: epoch) }
    try scans.forEachBatch(batches.map { $0.map { records[$0] } }, augmentation: augmentation) { index, images in
      try body(index, [model.input: images])
    }
  }
}

extension Array {
  /// Consecutive pieces of `size`, the last one maybe shorter.
  func chunked(by size: Int) -> [[Element]] {
    stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
  }
}
