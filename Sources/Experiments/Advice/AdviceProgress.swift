import Adaptation
import Files

/// The fits of a study as they are made: kept ones are taken, missing ones made while there is time.
struct AdviceProgress {
  private let planned: PlannedAdvice
  private let runner: AdviceFitting
  private let observer: ExperimentObserver
  private let began: Double
  private var kept: [AdviceFit.Place: AdviceFit]
  /// A strategy that can't be fitted once isn't tried at every size.
  private(set) var failed: [String: AdviceFit] = [:]
  private(set) var timeIsOver = false
  private var reached: Set<AdviceFit.Place> = []
  /// By earlier runs of the same study.
  var spentBefore: Double

  init(_ planned: PlannedAdvice, _ observer: ExperimentObserver, _ kept: [AdviceFit.Place: AdviceFit]) throws {
    self.planned = planned
    self.observer = observer
    self.kept = kept
    began = observer.seconds?() ?? 0
    spentBefore = kept.values.reduce(0) { $0 + ($1.seconds ?? 0) }
    runner = AdviceFitting(
      planned: planned.planned, ledger: planned.ledger, observer: observer, checkpointFolder: try planned.folder?.checkpoints(),
      identity: planned.identity)
  }

  /// Fits of a plan that were there or made.
  func count(of plan: AdvicePlan) -> Int {
    plan.blocks.reduce(0) { $0 + plan.block(fold: $1.fold, draw: $1.draw).count { reached.contains($0) } }
  }

  var spent: Double { spentBefore + (observer.seconds?() ?? 0) - began }

  /// Of every place whose strategy hasn't failed; nil where the time was over before they were all made.
  /// - Parameters:
  ///   - done: fits before these, of so many in all: for whoever watches.
  /// - Throws: `ExperimentStopped`, and what making a fit throws.
  mutating func fits(_ places: [AdviceFit.Place], after done: Int, of total: Int) throws -> [AdviceFit]? {
    var fits: [AdviceFit] = []
    for place in places where failed[place.strategy] == nil {
      let source = planned.made(place)
      if let fit = kept[source] {
        if fit.isFitted { runner.enter(place) }
        reached.insert(place)
        fits.append(fit.standing(at: place))
        continue
      }
      if observer.shouldStop() { throw planned.stopped() }
      if observer.seconds != nil, spent > planned.study.configuration.budget.seconds {
        timeIsOver = true
        return nil
      }
      let fold = planned.planned.folds[place.fold].name
      observer.report(
        .strategyBegan("\(place.strategy) at \(place.size) patients", fold: fold, number: done + fits.count + 1, of: total))
      let fit: AdviceFit
      do { fit = try runner.fitted(source) } catch is Interrupted { throw planned.stopped() }
      try planned.folder?.write(fit)
      reached.insert(place)
      if let reason = fit.failure {
        observer.report(.strategyFailed(place.strategy, fold: fold, reason: reason))
        failed[place.strategy] = fit
        continue
      }
      kept[source] = fit
      fits.append(fit.standing(at: place))
    }
    return fits
  }
}
