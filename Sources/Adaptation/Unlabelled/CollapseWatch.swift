import Cohorts
import Engine
import Evaluation
import Graphs
import ModelFiles

/// Looks at the answers on the training patients after each epoch, and judges them by a `CollapseRule`.
struct CollapseWatch {
  /// Scans looked at, at most; of more, some of every patient.
  static let limit = 512

  private let model: Model
  private let records: [ScanRecord]
  private let scans: RunScans
  private let rule: EntropyRule
  private let reestimating: StatisticsEstimation?
  private let budget: ComputeBudget
  private let startAnswers: [Prediction]
  let start: AnswerState

  /// - Parameters:
  ///   - model: where training begins.
  ///   - records: readable training scans.
  ///   - reestimating: brings statistics up to the weights; nil where they don't go stale.
  init(
    _ rule: EntropyRule, _ model: Model, on records: [ScanRecord], scans: RunScans, reestimating: StatisticsEstimation?,
    budget: ComputeBudget, seed: UInt64
  ) throws {
    self.model = model
    self.records = records.patientBalanced(Self.limit, seed: seed)
    self.scans = scans
    self.rule = rule
    self.reestimating = reestimating
    self.budget = budget
    startAnswers = try Self.answers(of: model, to: self.records, scans: scans, reestimating: reestimating, budget: budget)
    start = AnswerState(startAnswers, epochs: 0, threshold: rule.threshold, start: startAnswers)
  }

  /// What forbids to begin; nil where nothing does.
  var objection: Collapse? { rule.collapse.objection(to: start) }

  func state(at parameters: Parameters, epochs: Int) throws -> AnswerState {
    var current = model
    current.parameters = parameters
    let answers = try Self.answers(of: current, to: records, scans: scans, reestimating: reestimating, budget: budget)
    return AnswerState(answers, epochs: epochs, threshold: rule.threshold, start: startAnswers)
  }

  func collapse(in state: AnswerState) -> Collapse? { rule.collapse.collapse(in: state) }

  private static func answers(
    of model: Model, to records: [ScanRecord], scans: RunScans, reestimating: StatisticsEstimation?, budget: ComputeBudget
  ) throws -> [Prediction] {
    var model = model
    try reestimating?.estimate(&model)
    return try scans.answers(of: model, to: records, budget: budget)
  }
}

extension RunScans {
  /// A model's answers to readable scans, in their order; labels aren't read.
  func answers(of model: Model, to records: [ScanRecord], budget: ComputeBudget) throws -> [Prediction] {
    let executor = try Executor(graph: model.graph, parameters: model.parameters, inputs: model.inputs, threads: budget.threads)
    var logits: [[Float]] = []
    try forEachBatch(records.chunked(by: budget.inferenceBatch)) { _, images in
      logits += try executor.run([model.input: images]).outputs[model.logits]!.rows
      return true
    }
    return zip(records, logits).map { Prediction($0, label: nil, logits: $1) }
  }
}
