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

  /// Measures costs, cuts the plan, and makes the fits that the folder lacks until all are there or the time is over.
  /// - Throws: `ExperimentStopped`, `AdviceError`, `FileError`, and whatever fitting the source model's head throws.
  func measure(observer: ExperimentObserver = ExperimentObserver()) throws -> Measurements {
    let began = observer.seconds?() ?? 0
    var kept: [AdviceFit.Place: AdviceFit] = [:]
    for block in fullPlan.blocks {
      for place in fullPlan.block(fold: block.fold, draw: block.draw) {
        // What failed is tried again: the cause may have been the disk's or the machine's.
        let made = made(place)
        if kept[made] == nil, let fit = try self.kept(made), fit.failure == nil { kept[made] = fit }
      }
    }
    let earlier = kept.values.reduce(0) { $0 + ($1.seconds ?? 0) }
    let known = try folder?.adviceCosts(identity)
    let costs = try known ?? measuredCosts(observer)
    let earlierCosts = known?.seconds ?? 0
    func spent() -> Double { earlier + earlierCosts + (observer.seconds?() ?? 0) - began }
    let plan = try cut(costs)
    let runner = AdviceFitting(
      planned: planned, ledger: ledger, observer: observer, checkpointFolder: try folder?.checkpoints(), identity: identity)

    var fits: [AdviceFit] = []
    var blocks: [(fold: Int, draw: Int)] = []
    var timeIsOver = false
    let count = plan.blocks.count * plan.sizes.count * plan.strategies.count
    // A strategy that can't be fitted once isn't tried at every size.
    var failed: [String: AdviceFit] = [:]
    for block in plan.blocks where !timeIsOver {
      for place in plan.block(fold: block.fold, draw: block.draw) where failed[place.strategy] == nil {
        if let fit = kept[made(place)] {
          if fit.isFitted { runner.enter(place) }
          fits.append(fit.standing(at: place))
          continue
        }
        if observer.shouldStop() { throw stopped() }
        if costs != nil, spent() > study.configuration.budget.seconds {
          timeIsOver = true
          break
        }
        observer.report(
          .strategyBegan(
            "\(place.strategy) at \(place.size) patients", fold: planned.folds[place.fold].name, number: fits.count + 1, of: count))
        let fit: AdviceFit
        do { fit = try runner.fitted(made(place)) } catch is Interrupted { throw stopped() }
        if let reason = fit.failure {
          observer.report(.strategyFailed(place.strategy, fold: planned.folds[place.fold].name, reason: reason))
          failed[place.strategy] = fit
        }
        kept[made(place)] = fit
        fits.append(fit.standing(at: place))
        try folder?.write(fit)
      }
      if !timeIsOver { blocks.append(block) }
    }
    var finished = plan
    finished.strategies.removeAll { failed[$0] != nil }
    if timeIsOver { finished.cuts.append(.timeOver(fits: fits.count, planned: count)) }
    guard !blocks.isEmpty else { throw AdviceError.timeOver(fits: fits.count, folder: folder?.path) }
    let whole = Set(blocks.map { [$0.fold, $0.draw] })
    return Measurements(
      plan: finished, costs: costs,
      fits: fits.filter { whole.contains([$0.fold, $0.draw]) && failed[$0.strategy] == nil }
        + failed.values.sorted { $0.strategy < $1.strategy }, blocks: blocks, spent: spent())
  }

  /// It answers without having been fitted.
  func isAsItCame(_ strategy: String) -> Bool { design.base == .sourceModel && strategy == SourceModel().name }

  /// Where a fit is made: the source model as it came is the same at every size and draw, and asked once a fold.
  private func made(_ place: AdviceFit.Place) -> AdviceFit.Place {
    guard isAsItCame(place.strategy) else { return place }
    return AdviceFit.Place(strategy: place.strategy, fold: place.fold, draw: 0, size: sizes.last!)
  }

  private func stopped() -> ExperimentStopped {
    let finished = planned.folds.indices.count { fold in
      fullPlan.block(fold: fold, draw: 0).allSatisfy { (try? kept(made($0))).flatMap { $0 } != nil }
    }
    return ExperimentStopped(finishedFolds: finished, folds: planned.folds.count, folder: folder?.path)
  }

  private func kept(_ place: AdviceFit.Place) throws -> AdviceFit? {
    guard let folder, let fit = try folder.adviceFit(place) else { return nil }
    guard fit.configuration == identity, fit.place == place else { throw ExperimentError.otherRun(folder: folder.path) }
    return fit
  }

  // MARK: the budget

  /// nil without a clock: nothing is cut then.
  private func measuredCosts(_ observer: ExperimentObserver) throws -> AdviceCosts? {
    guard let clock = observer.seconds else { return nil }
    let began = clock()
    let measurement = CostMeasurement()
    let sample = measurement.sample(of: design.fittable(planned.folds[0].training))
    var entries: [AdviceCosts.Entry] = []
    for row in rows {
      if observer.shouldStop() { throw stopped() }
      observer.report(
        .strategyBegan("a few steps of \(row.entry.name)", fold: planned.folds[0].name, number: entries.count + 1, of: rows.count))
      do {
        let cost = try measurement.measure(
          planned.run(of: row), from: study.evaluation.model, on: sample, loader: study.evaluation.loader, seconds: clock)
        entries.append(.init(strategy: row.entry.name, cost: cost))
      } catch {
        // It will fail again when it is fitted, and then that is said.
        entries.append(.init(strategy: row.entry.name, failure: "\(error)"))
      }
    }
    let costs = AdviceCosts(configuration: identity, entries: entries, sample: sample.count, seconds: clock() - began)
    try folder?.write(costs)
    return costs
  }

  private func cut(_ costs: AdviceCosts?) throws -> AdvicePlan {
    guard let costs else { return fullPlan }
    let budget = study.configuration.budget
    let training = design.fittable(planned.folds[0].training)
    let scansPerPatient = Double(training.count) / Double(max(training.patients.count, 1))
    let asked = planned.folds[0].test.labelledRecords.count { design.targets.contains($0.scanner) }
    let onceAFold = Double(sizes.count * study.configuration.draws)
    let trainings = Dictionary(uniqueKeysWithValues: rows.map { ($0.entry.name, planned.run(of: $0).training) })
    let (plan, needed) = fullPlan.cut(
      to: budget.seconds - costs.seconds, memory: budget.bytes,
      cost: { strategy, size in
        guard let cost = costs.cost(of: strategy) else { return 0 }
        if isAsItCame(strategy) { return cost.seconds(scans: 0, predictions: asked, training: nil) / onceAFold }
        let scans = Int((Double(size) * scansPerPatient).rounded(.up))
        return cost.seconds(scans: scans, predictions: asked, training: cost.secondsPerStep == nil ? nil : trainings[strategy])
      },
      bytes: { costs.cost(of: $0)?.bytes(scans: training.count, measuredScans: costs.sample, budget: study.evaluation.budget) })
    guard plan.strategies.count > 1 else { throw AdviceError.nothingLeft(memory: budget.bytes) }
    if let needed { throw AdviceError.budgetTooSmall(seconds: budget.seconds, needed: needed + costs.seconds) }
    return plan
  }
}

extension PlannedEvaluation {
  func run(of row: ExperimentDesign.Row) -> AdaptationRun {
    AdaptationRun(
      row.strategy.strategy, training: row.strategy.training, newHeadLabels: design.classes,
      validationFraction: row.strategy.validationFraction, budget: experiment.budget)
  }
}
