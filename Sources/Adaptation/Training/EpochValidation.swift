import Cohorts
import Engine
import Evaluation
import Foundation
import Graphs
import ModelFiles

/// The validation patients' labelled, readable scans.
struct ValidationSet {
  let records: [ScanRecord]
  let targets: TrainingTargets

  /// Nil where there is none.
  init?(_ validation: ValidationScans?, for card: ModelCard, scans: RunScans) throws {
    guard let validation else { return nil }
    let labelled = validation.labelledRecords.sorted { $0.id < $1.id }
    _ = try TrainingTargets(labelled, for: card)
    records = scans.readable(labelled)
    guard !records.isEmpty else { return nil }
    targets = try TrainingTargets(records, for: card)
  }
}

/// The validation patients, ready to be looked at after every epoch of a phase: with frozen features where statistics stay and the features fit a
/// quarter of the memory, else whole, a batch at a time.
final class EpochValidation {
  private let model: Model
  private let graph: Graph
  private let features: FrozenFeatures?
  private let scans: RunScans
  private let shapes: [String: FeatureShape]
  private let set: ValidationSet
  private let budget: ComputeBudget
  private let reestimating: StatisticsEstimation?

  init(
    _ model: Model, plan: TrainablePlan, on set: ValidationSet, budget: ComputeBudget, scans: RunScans,
    reestimating: StatisticsEstimation?
  ) throws {
    self.scans = scans
    self.model = model
    self.budget = budget
    self.reestimating = reestimating
    self.set = set
    let cut = try FrozenPrefix(of: model.graph, under: plan, input: model.card.inputShape)
    if reestimating == nil, cut.isWorthKeeping, cut.bytesPerScan * set.records.count <= budget.memory / 4 {
      features = try FrozenFeatures(cut, model: model, records: set.records, budget: budget, scans: scans)
      graph = cut.rest
      shapes = cut.shapes
    } else {
      features = nil
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
    var logits: [[Float]] = []
    if let features {
      for positions in Array(set.records.indices).chunked(by: budget.inferenceBatch) {
        logits += try executor.run(features.items(at: positions)).outputs[model.logits]!.rows
      }
    } else {
      try scans.forEachBatch(set.records.chunked(by: budget.inferenceBatch)) { _, images in
        logits += try executor.run([model.input: images]).outputs[model.logits]!.rows
        return true
      }
    }
    return set.targets.measures(set.records, logits: logits)
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
