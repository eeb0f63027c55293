import Cohorts
import Graphs
import ModelFiles
import Normalization

/// Estimating a model's normalization statistics as a strategy's policy says, as often as its weights have moved.
///
/// A blend always mixes with the source's statistics, never with an earlier estimate.
struct StatisticsEstimation {
  let policy: StatisticsPolicy
  /// The values whose running statistics are the prior.
  let prior: Parameters
  /// The training patients' scans.
  let records: [ScanRecord]
  let scans: RunScans
  let budget: ComputeBudget

  /// Does nothing under `.source`, and where no layer keeps statistics (each scan normalizes itself).
  func estimate(_ model: inout Model) throws {
    guard case .target(var recalibration) = policy, !model.graph.recalibratableLayers.isEmpty else { return }
    for declaration in model.parameters.declarations where declaration.role == .buffer {
      model.parameters[declaration.id] = prior[declaration.id]
    }
    recalibration.memoryLimit = budget.memory
    let readable = scans.readable(records)
    let chosen = recalibration.statisticsScans.map { readable.patientBalanced($0, seed: recalibration.seed) } ?? readable
    guard !chosen.isEmpty else { throw RecalibrationError.noScans(listed: records.count) }
    model.parameters = try recalibration.run(on: model, images: scans.statisticsImages(of: chosen), threads: budget.threads).parameters
  }
}
