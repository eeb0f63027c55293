import Adaptation
import Cohorts
import Evaluation
import Files
import ModelFiles

/// A study whose folds and sizes are decided: it can be run, stopped and taken up again.
public struct PlannedAdvice: Sendable {
  let study: AdviceStudy
  let planned: PlannedEvaluation
  public let identity: String
  public let sizes: [Int]
  let folder: RunFolder?
  let ledger: Ledger

  var design: ExperimentDesign { planned.design }

  /// The rows that can be fitted, the source model first.
  var rows: [ExperimentDesign.Row] { design.rows.filter { $0.entry.notApplicable == nil } }

  /// Before anything is cut.
  var fullPlan: AdvicePlan {
    AdvicePlan(strategies: rows.map(\.entry.name), sizes: sizes, draws: study.configuration.draws, folds: planned.folds.count)
  }

  /// What was measured.
  struct Measurements: Sendable {
    let plan: AdvicePlan
    let costs: AdviceCosts?
    /// Those of whole blocks, and failures.
    let fits: [AdviceFit]
    /// Whole blocks.
    let blocks: [(fold: Int, draw: Int)]
    let spent: Double
  }

  /// It answers without having been fitted.
  func isAsItCame(_ strategy: String) -> Bool { design.base == .sourceModel && strategy == SourceModel().name }

  /// Where a fit is made: the source model as it came is the same at every size and draw, and asked once a fold.
  func made(_ place: AdviceFit.Place) -> AdviceFit.Place {
    guard isAsItCame(place.strategy) else { return place }
    return AdviceFit.Place(strategy: place.strategy, fold: place.fold, draw: 0, size: sizes.last!)
  }

  func stopped() -> ExperimentStopped {
    let finished = planned.folds.indices.count { fold in
      fullPlan.block(fold: fold, draw: 0).allSatisfy { (try? kept(made($0))).flatMap { $0 } != nil }
    }
    return ExperimentStopped(finishedFolds: finished, folds: planned.folds.count, folder: folder?.path)
  }

  func kept(_ place: AdviceFit.Place) throws -> AdviceFit? {
    guard let folder, let fit = try folder.adviceFit(place) else { return nil }
    guard fit.configuration == identity, fit.place == place else { throw ExperimentError.otherRun(folder: folder.path) }
    return fit
  }
}

extension PlannedEvaluation {
  func run(of row: ExperimentDesign.Row) -> AdaptationRun {
    AdaptationRun(
      row.strategy.strategy, training: row.strategy.training, newHeadLabels: design.classes,
      validationFraction: row.strategy.validationFraction, budget: experiment.budget)
  }
}
