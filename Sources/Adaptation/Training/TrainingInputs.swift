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
    let image = model.card.inputShape
    if configuration.augmentation == nil {
      let cut = try FrozenPrefix(of: model.graph, under: plan, input: image)
      if cut.prefix != nil, cut.bytesPerScan * records.count <= budget.memory / 2 {
        let features = try FrozenFeatures(cut, model: model, records: records, budget: budget, scans: scans)
        return (KeptInputs(graph: cut.rest, shapes: cut.shapes, maps: features.maps), .keptFeatures)
      }
      if FeatureMaps.byteCount(of: image) * records.count <= budget.memory / 2 {
        return (KeptInputs(graph: model.graph, shapes: model.inputs, maps: [model.input: try scans.maps(of: records)!]), .keptScans)
      }
    }
    return (StreamedInputs(model: model, records: records, scans: scans, configuration: configuration), .streamed)
  }
}

/// The tensors at the end of a frozen prefix, for some scans: computed once.
struct FrozenFeatures {
  /// By frontier tensor, in the records' order.
  let maps: [String: FeatureMaps]

  init(_ cut: FrozenPrefix, model: Model, records: [ScanRecord], budget: ComputeBudget, scans: RunScans) throws {
    precondition(cut.prefix != nil, "the prefix is empty")
    let executor = try Executor(graph: cut.prefix!, parameters: model.parameters, input: model.card.inputShape, threads: budget.threads)
    var parts: [String: [FeatureMaps]] = [:]
    try scans.forEachBatch(records.chunked(by: budget.inferenceBatch)) { _, images in
      let outputs = try executor.run([model.input: images]).outputs
      for name in cut.frontier { parts[name, default: []].append(outputs[name]!) }
      return true
    }
    maps = parts.mapValues { FeatureMaps.joined($0) }
  }
}

/// Scans read anew in each epoch, augmented where the configuration says so.
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
