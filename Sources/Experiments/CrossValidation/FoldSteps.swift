import Adaptation
import Cohorts
import Evaluation
import Files

/// How a fold goes forward, whatever a scan's answers are: inner folds first, then row by row, the record handed out after each.
///
/// A stopped run finds in the record what is done and goes on; what had failed is tried again, because the cause may have been the disk's
/// or the machine's.
struct FoldSteps<Answer: JudgedAnswer & Codable> {
  typealias Record = FoldAnswers<Answer>
  typealias Saving = (Record) throws -> Void

  let fold: Fold
  let ledger: Ledger
  let observer: ExperimentObserver
  /// Where a stopped training leaves its state; nil keeps none.
  let checkpointFolder: String?

  /// Adds the inner folds' answers that the record lacks, and says what they choose; nil without nesting.
  func choose(
    _ record: inout Record, by inner: InnerRun<Answer>?, answers: (Candidate, InnerFold) throws -> [Answer],
    selection: (Record) -> InnerSelection?, save: Saving
  ) throws -> InnerSelection? {
    let earlier = selection(record)
    record.strategies.removeAll { $0.failure != nil }
    record.inner.removeAll { $0.failure != nil }
    try inner?.run(&record, answers: answers) { try self.save(&$0, save) }
    let chosen = selection(record)
    // What was fitted by another choice doesn't stand beside this one.
    if chosen != earlier { (record.strategies, record.shortcut) = ([], nil) }
    return chosen
  }

  /// Adds the rows that the record lacks, in the order of `rows`; the first is the baseline.
  /// - Parameters:
  ///   - isWanted: of a row that the record lacks.
  ///   - prepare: what a row needs that isn't its own; an error of it ends the fold.
  ///   - answers: a row's own work, with the checkpoint that a stop leaves.
  /// - Throws: `StopRequested`, what isn't a strategy's own failure, and whatever the baseline throws: without it there is nothing to
  ///   compare.
  func add(
    _ rows: [String], to record: inout Record, where isWanted: (String) -> Bool = { _ in true }, save: Saving,
    prepare: (Int) throws -> Void = { _ in }, answers: (Int, String?, inout Record) throws -> Record.Strategy
  ) throws {
    let order = Dictionary(uniqueKeysWithValues: rows.enumerated().map { ($1, $0) })
    for (index, name) in rows.enumerated() where record[name] == nil && isWanted(name) {
      guard !observer.shouldStop() else { throw StopRequested() }
      observer.report(.strategyBegan(name, fold: fold.name, number: index + 1, of: rows.count))
      try prepare(index)
      let checkpoint = checkpointFolder.map { "\($0)/\(fold.name.fileStem)-\(name.fileStem).checkpoint" }
      var finished = Record.Strategy(name: name)
      if let error = try ownFailure({ finished = try answers(index, checkpoint, &record) }) {
        if index == 0 { throw error }
        observer.report(.strategyFailed(name, fold: fold.name, reason: "\(error)"))
        finished.failure = "\(error)"
      }
      record.strategies.append(finished)
      record.strategies.sort { order[$0.name, default: rows.count] < order[$1.name, default: rows.count] }
      try self.save(&record, save)
      // What it served is in the record now; a failure may be looked into.
      if finished.failure == nil, let checkpoint { try? Folder.remove(checkpoint) }
    }
  }

  /// Hands the record out with what has been fitted on and scored so far.
  func save(_ record: inout Record, _ save: Saving) throws {
    record.ledger = ledger.pages(ofOuter: fold.name)
    try save(record)
  }
}

extension FoldAnswers {
  /// The answers of what inner folds chose, under a name of their own; nothing is fitted for them.
  func chosen(by selection: InnerSelection?, named name: String) -> Strategy {
    guard let chosen = selection?.chosen, var taken = self[chosen.strategy] else {
      return Strategy(name: name, failure: "no candidate has a score on the inner folds")
    }
    (taken.name, taken.chosenStrategy, taken.curve, taken.seconds, taken.peakBytes) = (name, chosen.strategy, [], 0, nil)
    return taken
  }
}

/// The person asked to stop, between two strategies.
struct StopRequested: Error {}

/// The error of `work` that is the strategy's own, which the others needn't suffer from.
/// - Throws: what isn't: a stop, the disk's errors, another run's checkpoint.
func ownFailure(_ work: () throws -> Void) throws -> (any Error)? {
  do {
    try work()
    return nil
  } catch let error where error is FileError || error is Interrupted || error is CheckpointError {
    throw error
  } catch {
    return error
  }
}
