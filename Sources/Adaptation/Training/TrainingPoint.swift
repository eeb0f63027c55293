import Engine
import Graphs
import Tensors

/// Where a run stands: what a phase begins from and ends with.
struct TrainingPoint {
  var parameters: Parameters
  var progress = TrainingProgress()
  /// What trains, at early stopping's best epoch of all so far.
  var best: [ParameterID: Tensor]?
  /// Nil where one batch may hold several scanners' scans.
  var turns: ScannerTurns?
  /// Nil where the optimizer starts anew.
  var optimizer: OptimizerState?

  /// Where a saved run stood, or the start.
  init(_ start: Parameters, resuming saved: Checkpoint?) {
    parameters = start
    guard let saved else { return }
    for (id, value) in saved.parameters { parameters[id] = value }
    (progress, best, optimizer) = (saved.progress, saved.best, saved.optimizer)
  }

  init(parameters: Parameters, progress: TrainingProgress, best: [ParameterID: Tensor]?, turns: ScannerTurns?) {
    self.turns = turns
    self.parameters = parameters
    self.progress = progress
    self.best = best
  }

  /// Ends a phase: the best weights so far are handed on, with a new optimizer and early stopping's patience anew.
  mutating func endPhase(before nextEpoch: Int) {
    for (id, value) in best ?? [:] { parameters[id] = value }
    progress.beginPhase(at: nextEpoch)
    optimizer = nil
  }
}
