import Adaptation
import Cohorts
import Evaluation
import ModelFiles

/// Fitting a fold's rows on its training patients, or on those of one of its inner folds.
struct Fitting {
  let design: ExperimentDesign
  let model: Model
  let loader: ScanLoader
  let budget: ComputeBudget
  /// All that the fold lets be fitted on.
  let training: TrainingScans
  /// The scored scans; nil inside, where nothing may be transductive.
  let test: TestScans?
  let observer: ExperimentObserver

  func fitted(_ row: ExperimentDesign.Row, from source: Model, checkpoint: String? = nil) throws -> AdaptationRun.Result {
    let strategy = row.strategy
    let run = AdaptationRun(
      strategy.strategy, training: strategy.training, newHeadLabels: design.classes,
      validationFraction: strategy.validationFraction, budget: budget)
    return try run.adapt(
      source, to: scans(for: row), loader: loader, checkpoint: checkpoint,
      observer: observer.observing { ExperimentEvent.training($0) })
  }

  /// What a row may be fitted on under the protocol.
  private func scans(for row: ExperimentDesign.Row) -> TrainingScans {
    if row.strategy.strategy is SourceModel {
      // What the baseline's head is fitted on, where it needs one.
      return design.base == .headFittedOnSources ? training.filtered { design.sources.contains($0.scanner) } : fittable
    }
    if design.configuration.protocolName == .transductive || row.isTransductiveCompanion, let test {
      return test.restricted(toScanners: design.targets).transductively()
    }
    return fittable
  }

  /// What adaptations are fitted on, and the training score is taken of.
  var fittable: TrainingScans {
    design.configuration.protocolName == .unseenScanner ? training : training.filtered { design.targets.contains($0.scanner) }
  }
}
