import Cohorts
import Engine
import Evaluation
import Foundation
import Graphs
import ModelFiles

/// The validation patients, ready to be looked at after every epoch: with frozen features where statistics stay, whole where they move.
final class EpochValidation {
  private let model: Model
  private let graph: Graph
  private let inputs: [String: FeatureMaps]
  private let shapes: [String: FeatureShape]
  private let records: [ScanRecord]
  private let targets: [Int?]
  private let budget: ComputeBudget
  private let reestimating: StatisticsEstimation?

  /// Classes among the labelled scans.
  let classes: Int

  /// Nil where no validation scan has a label.
  init?(
    _ model: Model, plan: TrainablePlan, on validation: ValidationScans, vocabulary: LabelVocabulary, budget: ComputeBudget,
    scans: RunScans,
    reestimating: StatisticsEstimation?
  ) throws {
    let labelled = validation.labelledRecords.sorted { $0.id < $1.id }
    _ = try vocabulary.targets(of: labelled)
    let readable = scans.readable(labelled)
    guard let maps = try scans.maps(of: readable) else { return nil }
    self.model = model
    self.budget = budget
    self.reestimating = reestimating
    records = readable
    targets = try vocabulary.targets(of: records)
    classes = Set(targets.compactMap(\.self)).count
    let cut = try FrozenPrefix(of: model.graph, under: plan, input: model.card.inputShape)
    if reestimating == nil, let prefix = cut.prefix {
      let executor = try Executor(graph: prefix, parameters: model.parameters, input: model.card.inputShape, threads: budget.threads)
      inputs = try executor.inBatches(of: budget.inferenceBatch, [model.input: maps])
      graph = cut.rest
      shapes = cut.shapes
    } else {
      inputs = [model.input: maps]
      graph = model.graph
      shapes = model.inputs
    }
  }

  /// The measures at some parameters.
  func measures(at parameters: Parameters) throws -> ValidationMeasures {
    var current = model
    current.parameters = parameters
    try reestimating?.estimate(&current)
    let executor = try Executor(graph: graph, parameters: current.parameters, inputs: shapes, threads: budget.threads)
    let logits = try executor.inBatches(of: budget.inferenceBatch, inputs)[model.logits]!
    return ValidationMeasures(zip(zip(records, targets), logits.rows).map { Prediction($0.0, label: $0.1, logits: $1) })
  }
}

extension Executor {
  /// Outputs for any number of images, run a batch at a time.
  func inBatches(of size: Int, _ inputs: [String: FeatureMaps]) throws(RunError) -> [String: FeatureMaps] {
    let count = inputs.values.first?.count ?? 0
    var parts: [String: [FeatureMaps]] = [:]
    for start in stride(from: 0, to: count, by: size) {
      let range = start..<min(start + size, count)
      for (name, maps) in try run(inputs.mapValues { $0.items(range) }).outputs { parts[name, default: []].append(maps) }
    }
    return parts.mapValues { FeatureMaps.joined($0) }
  }
}

extension Prediction {
  /// Softmax in Double.
  init(_ record: ScanRecord, label: Int?, logits: [Float]) {
    let largest = logits.max() ?? 0
    let exponentials = logits.map { exp(Double($0) - Double(largest)) }
    let sum = exponentials.reduce(0, +)
    self.init(
      scan: record.id.rawValue, patient: record.patient.rawValue, scanner: record.scanner.rawValue, label: label,
      probabilities: exponentials.map { $0 / sum })
  }
}
