import Adaptation
import Cohorts

extension PlannedEvaluation {
  /// One row's fits, for what they will cost.
  package struct Fits: Sendable {
    package let run: AdaptationRun
    /// In training sets of the outer folds' size.
    package let count: Double
    package let scans: Int
    package let predictions: Int
  }

  /// Strategies that the network or the protocol can't have, and why; they are in no fit.
  package var notApplicable: [(strategy: String, reason: String)] {
    design.shownRows.compactMap { row in row.entry.notApplicable.map { (row.entry.name, $0) } }
  }

  /// The first fold's scans that adaptations are fitted on.
  package var typicalTraining: TrainingScans {
    let training = folds[0].training
    return design.configuration.protocolName == .unseenScanner ? training : training.filtered { design.targets.contains($0.scanner) }
  }

  /// Of every row that is run, inner folds and seeds included; an inner fit counts by its share of the training scans.
  package var fits: [Fits] {
    let nesting = design.configuration.nesting
    return design.rows.filter { $0.entry.notApplicable == nil && $0.kind != .chosenInside }.map { row in
      var count = Double(folds.count)
      if let nesting, row.kind == .baseline || row.kind == .adaptation {
        let candidates = design.candidates.count { $0.strategy == row.entry.name }
        count += Double(folds.count * candidates * (nesting.innerFolds - 1))
      }
      let strategy = row.strategy
      return Fits(
        run: AdaptationRun(
          strategy.strategy, training: strategy.training, newHeadLabels: design.classes, budget: experiment.budget), count: count,
        scans: typicalTraining.count, predictions: folds[0].test.count)
    }
  }
}
