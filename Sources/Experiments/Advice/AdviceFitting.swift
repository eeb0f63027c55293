import Adaptation
import Cohorts
import Evaluation
import Files
import ModelFiles

/// Makes one fit of a study: a strategy on the first patients of a draw, asked about the fold's test scans.
struct AdviceFitting {
  let planned: PlannedEvaluation
  let ledger: Ledger
  let observer: ExperimentObserver
  /// Where a stopped training leaves its state; nil keeps none.
  let checkpointFolder: String?
  let identity: String

  /// - Throws: `Interrupted`, `FileError`, `CheckpointError`; what else fails is the fit's failure.
  func fitted(_ place: AdviceFit.Place) throws -> AdviceFit {
    let fold = planned.folds[place.fold]
    let row = planned.design.rows.first { $0.entry.name == place.strategy }!
    // The source model as it came is fitted on nobody.
    let scans = row.kind == .baseline && planned.design.base == .sourceModel ? nil : patients(place)
    var fit = AdviceFit(
      configuration: identity, strategy: place.strategy, fold: place.fold, draw: place.draw, size: place.size,
      trainingScans: scans?.count ?? 0, predictions: [], unreadable: [])
    var run = planned.run(of: row)
    run.training.seed &+= UInt64(place.draw)
    let checkpoint = checkpointFolder.map { "\($0)/\(place.fileName.replacing("/", with: "-")).checkpoint" }
    let experiment = planned.experiment
    let began = observer.seconds?()
    if began != nil { ProcessMemory.resetPeak() }
    let failure = try ownFailure {
      let result = try scans.map { scans in
        try run.adapt(
          experiment.model, to: scans, loader: experiment.loader, checkpoint: checkpoint,
          observer: observer.observing { ExperimentEvent.training($0) })
      }
      let test = fold.test.labelledRecords.filter { planned.design.targets.contains($0.scanner) }
      let answers = try Predictor(loader: experiment.loader, budget: experiment.budget).predict(
        result?.adapted ?? AdaptedModel(experiment.model), on: test)
      fit.predictions = answers.predictions
      fit.unreadable.note(answers.unreadable + (result?.report.unreadable ?? []))
      fit.trainedParameters = result?.report.trainedParameters ?? 0
      fit.trainedShare = result?.report.trainedShare ?? 0
      fit.decision = result?.report.decision
      fit.guards = result.flatMap { AdviceFit.GuardReport($0.report) }
      if let began, let clock = observer.seconds { (fit.seconds, fit.peakBytes) = (clock() - began, ProcessMemory.peakBytes) }
      if let checkpoint { try? Folder.remove(checkpoint) }
    }
    if let failure {
      // Without the baseline there is nothing to compare with.
      if row.kind == .baseline { throw failure }
      fit.failure = "\(failure)"
    }
    return fit
  }

  /// Puts a kept fit's patients into the ledger.
  func enter(_ place: AdviceFit.Place) { _ = patients(place) }

  private func patients(_ place: AdviceFit.Place) -> TrainingScans {
    // Folds know their patients; the plan has seen to it.
    let order = try! planned.design.fittable(planned.folds[place.fold].training)
      .nestedPatients(draw: place.draw, seed: planned.design.configuration.seed)
    return order.first(place.size)
  }
}

extension RunFolder {
  func adviceFit(_ place: AdviceFit.Place) throws -> AdviceFit? {
    try optional { try read(AdviceFit.self, from: place.fileName, supported: AdviceFit.formatVersion) }
  }

  func write(_ fit: AdviceFit) throws {
    try Folder.create("\(path)/fits")
    try write(json: fit, to: fit.place.fileName)
  }

  func adviceCosts(_ identity: String) throws -> AdviceCosts? {
    let costs = try optional { try read(AdviceCosts.self, from: AdviceCosts.file, supported: AdviceCosts.formatVersion) }
    guard costs?.configuration ?? identity == identity else { throw ExperimentError.otherRun(folder: path) }
    return costs
  }

  func write(_ costs: AdviceCosts) throws { try write(json: costs, to: AdviceCosts.file) }

  private func optional<Value>(_ reading: () throws -> Value) throws -> Value? {
    do { return try reading() } catch let error as FileError where error.isMissing { return nil }
  }
}
