import Adaptation
import Evaluation

extension PlannedAdvice {
  /// Measures costs, cuts the plan, and makes the fits that the folder lacks until all are there or the time is over.
  ///
  /// Steps on a few scans say roughly what a study costs. Where that is too much, each strategy is fitted once at the smallest size before any
  /// is left out; and when the first block is finished the rest is planned anew from the seconds it took. Both stand in `costs.json`, and the
  /// plan follows from them: a continued run has the same one.
  /// - Throws: `ExperimentStopped`, `AdviceError`, `FileError`, and whatever fitting the source model's head throws.
  func measure(observer: ExperimentObserver = ExperimentObserver()) throws -> Measurements {
    var made = try AdviceProgress(self, observer, keptFits())
    let known = try folder?.adviceCosts(identity)
    var costs = try known ?? measuredCosts(observer)
    made.spentBefore += known?.seconds ?? 0
    let plan = costs == nil ? fullPlan : try replanned(&costs!, &made)

    let count = plan.blocks.count * plan.sizes.count * plan.strategies.count
    var blocks: [(fold: Int, draw: Int)] = []
    var fits: [AdviceFit] = []
    for block in plan.blocks {
      guard let whole = try made.fits(plan.block(fold: block.fold, draw: block.draw), after: fits.count, of: count) else { break }
      blocks.append(block)
      fits += whole
    }
    var finished = plan
    finished.strategies.removeAll { made.failed[$0] != nil }
    if made.timeIsOver { finished.cuts.append(.timeOver(fits: made.count(of: plan), planned: count)) }
    guard !blocks.isEmpty else { throw AdviceError.timeOver(fits: made.count(of: plan), folder: folder?.path) }
    return Measurements(
      plan: finished, costs: costs,
      fits: fits.filter { made.failed[$0.strategy] == nil } + made.failed.values.sorted { $0.strategy < $1.strategy }, blocks: blocks,
      spent: made.spent)
  }

  /// What failed is tried again: the cause may have been the disk's or the machine's.
  private func keptFits() throws -> [AdviceFit.Place: AdviceFit] {
    var kept: [AdviceFit.Place: AdviceFit] = [:]
    for block in fullPlan.blocks {
      for place in fullPlan.block(fold: block.fold, draw: block.draw).map(made) where kept[place] == nil {
        if let fit = try self.kept(place), fit.failure == nil { kept[place] = fit }
      }
    }
    return kept
  }

  // MARK: the budget

  private func replanned(_ costs: inout AdviceCosts, _ made: inout AdviceProgress) throws -> AdvicePlan {
    var (plan, needed) = try cut(costs)
    if costs.trial == nil, costs.block == nil, needed != nil || plan.isCutForTime {
      let places = trial(costs).map { AdviceFit.Place(strategy: $0, fold: 0, draw: 0, size: sizes[0]) }
      guard let fits = try made.fits(places, after: 0, of: places.count) else { return plan }
      // Where no fit had time, a run with more time tries anew.
      if !fits.isEmpty {
        costs.trial = measured(fits)
        try folder?.write(costs)
        (plan, needed) = try cut(costs)
      }
    }
    if costs.block == nil {
      if let needed { throw AdviceError.budgetTooSmall(seconds: study.configuration.budget.seconds, needed: needed + costs.spent) }
      let places = plan.block(fold: 0, draw: 0)
      guard let fits = try made.fits(places, after: 0, of: plan.blocks.count * places.count) else { return plan }
      let new = measured(fits)
      let others = (costs.trial ?? []).filter { old in !new.contains { $0.strategy == old.strategy && $0.size == old.size } }
      costs.block = new + others
      try folder?.write(costs)
      // What was begun is finished as far as the time goes.
      plan = try cut(costs).plan
    }
    return plan
  }

  /// The cheapest strategies, as many as have time for a fit at the smallest size within a third of what is left.
  private func trial(_ costs: AdviceCosts) -> [String] {
    let affordable = memoryCut(costs).strategies
    func seconds(_ strategy: String) -> Double { stepSeconds(costs)(strategy, sizes[0]) }
    var left = (study.configuration.budget.seconds - costs.spent) / 3
    let tried = Set(
      affordable.sorted { (seconds($0), $0) < (seconds($1), $1) }.prefix { strategy in
        left -= seconds(strategy)
        return left > 0
      })
    return affordable.filter { tried.contains($0) && !isAsItCame($0) }
  }

  private func measured(_ fits: [AdviceFit]) -> [AdviceCosts.Fit] {
    fits.filter { $0.failure == nil && !isAsItCame($0.strategy) }.compactMap { fit in
      fit.seconds.map { AdviceCosts.Fit(strategy: fit.strategy, size: fit.size, seconds: $0) }
    }
  }

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

  /// - Returns: and the seconds that even the smallest plan lacks; nil where it has them.
  private func cut(_ costs: AdviceCosts) throws -> (plan: AdvicePlan, needed: Double?) {
    let budget = study.configuration.budget
    let fromSteps = stepSeconds(costs)
    let (plan, needed) = fullPlan.cut(
      to: budget.seconds - costs.spent, memory: budget.bytes,
      cost: { isAsItCame($0) ? fromSteps($0, $1) : costs.seconds(of: $0, at: $1, fromSteps: fromSteps) }, made: costs.made,
      bytes: { bytes(of: $0, costs) })
    guard plan.strategies.count > 1 else { throw AdviceError.nothingLeft(memory: budget.bytes) }
    return (plan, needed)
  }

  private func memoryCut(_ costs: AdviceCosts) -> AdvicePlan {
    fullPlan.cut(to: .infinity, memory: study.configuration.budget.bytes, cost: { _, _ in 0 }, bytes: { bytes(of: $0, costs) }).plan
  }

  private func bytes(of strategy: String, _ costs: AdviceCosts) -> Int? {
    let scans = design.fittable(planned.folds[0].training).count
    return costs.cost(of: strategy)?.bytes(scans: scans, measuredScans: costs.sample, budget: study.evaluation.budget)
  }

  /// What the steps that were measured make a fit take.
  private func stepSeconds(_ costs: AdviceCosts) -> AdvicePlan.Seconds {
    let training = design.fittable(planned.folds[0].training)
    let scansPerPatient = Double(training.count) / Double(max(training.patients.count, 1))
    let asked = planned.folds[0].test.labelledRecords.count { design.targets.contains($0.scanner) }
    let onceAFold = Double(sizes.count * study.configuration.draws)
    let trainings = Dictionary(uniqueKeysWithValues: rows.map { ($0.entry.name, planned.run(of: $0).training) })
    return { strategy, size in
      guard let cost = costs.cost(of: strategy) else { return 0 }
      if isAsItCame(strategy) { return cost.seconds(scans: 0, predictions: asked, training: nil) / onceAFold }
      let scans = Int((Double(size) * scansPerPatient).rounded(.up))
      return cost.seconds(scans: scans, predictions: asked, training: cost.secondsPerStep == nil ? nil : trainings[strategy])
    }
  }
}

extension AdvicePlan {
  /// Something was left out that more time would have bought.
  var isCutForTime: Bool { cuts.contains { if case .strategyNeedsMemory = $0 { false } else { true } } }
}
