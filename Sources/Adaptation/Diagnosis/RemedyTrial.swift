import Cohorts
import Evaluation
import ModelFiles
import Normalization

/// Applies remedies to halves of a scanner's patients and measures them on the other halves.
struct RemedyTrial {
  let diagnoser: Diagnoser
  let model: Model
  let reference: ScannerView?

  /// Empty with fewer than four patients.
  func measure(on view: ScannerView, ledger: Ledger) throws -> [Remedy] {
    guard view.moments.patients.count >= 4 else { return [] }
    let division = try view.cohort.folds(
      .grouped(folds: 2, seed: diagnoser.comparison.seed), ledger: ledger, under: "diagnose \(view.scanner) remedies")
    let before = try division.folds.map { try Half(of: $0.test, seenBy: model, diagnoser) }
    return try diagnoser.remedies.compactMap { strategy in
      // What a strategy can't do with this network isn't a remedy for it.
      let adapted: [Model]
      do {
        adapted = try division.folds.map {
          try AdaptationRun(strategy, budget: diagnoser.budget).adapt(model, to: $0.training, loader: diagnoser.loader).model
        }
      } catch is InstanceSwapError {
        return nil
      }
      let after = try zip(division.folds, adapted).map { try Half(of: $0.test, seenBy: $1, diagnoser) }
      // Instance normalization changes what the reference scanner looks like too; statistics are one scanner's own.
      let keepsStatistics = !adapted[0].graph.recalibratableLayers.isEmpty
      let there = try reference.map { keepsStatistics ? $0.answers : try diagnoser.answers(of: adapted[0], $0.cohort.records) }
      let changed = zip(before, after).flatMap { zip($0.answers.predictions, $1.answers.predictions).map { $0.decision != $1.decision } }
      return Remedy(
        name: strategy.name, mismatchBefore: Self.mean(before.map { $0.mismatch! }),
        mismatchAfter: keepsStatistics ? Self.mean(after.map { $0.mismatch! }) : nil,
        distanceBefore: reference.map { distance($0.answers, before) }, distanceAfter: there.map { distance($0, after) },
        changedDecisions: Double(changed.count { $0 }) / Double(max(changed.count, 1)))
    }
  }

  private func distance(_ reference: ScanPredictions, _ halves: [Half]) -> DomainDistance {
    DomainDistance(reference, halves[0].answers.joined(halves[1].answers), seed: diagnoser.comparison.seed)
  }

  private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

  /// Held-out patients as one model sees them.
  private struct Half {
    /// Nil where the model keeps no statistics.
    let mismatch: Double?
    let answers: ScanPredictions

    init(of scans: TestScans, seenBy model: Model, _ diagnoser: Diagnoser) throws {
      if model.graph.recalibratableLayers.isEmpty {
        mismatch = nil
      } else {
        let seen = try PatientMoments.observed(
          by: model, on: scans, images: ScanImages(diagnoser.loader), threads: diagnoser.budget.threads)
        mismatch = RemedyTrial.mean(MismatchComparison.divergences(of: seen.moments, from: model))
      }
      answers = try diagnoser.answers(of: model, scans.records)
    }
  }
}

extension Diagnoser {
  /// Of a model of several findings a scan, each finding as a task of two classes, one after the other.
  func answers(of model: Model, _ records: [ScanRecord]) throws -> ScanPredictions {
    let predictor = Predictor(loader: loader, budget: budget)
    guard model.card.output == .sigmoid else { return try predictor.predict(model, on: records, labels: .whereKnown, withFeatures: true) }
    let answers = try predictor.predictFindings(model, on: records, labels: .whereKnown, withFeatures: true)
    return ScanPredictions(
      records: answers.records,
      predictions: answers.predictions.flatMap { answer in model.card.labels.indices.map { answer.prediction(of: $0) } }, logits: [],
      features: answers.features, unreadable: answers.unreadable)
  }
}

extension ScanPredictions {
  /// Two models' answers for different scans, as one.
  func joined(_ other: ScanPredictions) -> ScanPredictions {
    ScanPredictions(
      records: records + other.records, predictions: predictions + other.predictions, logits: logits + other.logits,
      features: features.flatMap { own in other.features.map { own + $0 } }, unreadable: unreadable + other.unreadable)
  }
}
