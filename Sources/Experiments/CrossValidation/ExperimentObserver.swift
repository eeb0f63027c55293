import Adaptation
import Cohorts

public typealias ExperimentObserver = RunObserver<ExperimentEvent>

/// Something happened in a cross-validation that a person may want to see.
public enum ExperimentEvent: Sendable {
  case foldBegan(FoldName, number: Int, of: Int)
  /// The fold's record was found and is of this run.
  case foldTakenUp(FoldName, strategies: [String])
  case strategyBegan(String, fold: FoldName, number: Int, of: Int)
  case strategyFailed(String, fold: FoldName, reason: String)
  /// A candidate on an inner fold.
  case candidateBegan(String, fold: FoldName, number: Int, of: Int)
  case training(TrainingEvent)
  case predicting(scans: Int)
  case summarizing
}

/// A cross-validation was asked to stop between two strategies or steps. Exit code 75; the same command continues it.
public struct ExperimentStopped: Error, Hashable, Sendable, CustomStringConvertible {
  public let finishedFolds: Int
  public let folds: Int
  /// Where the finished folds are; nil where no folder was given, and then the work is lost.
  public let folder: String?

  public var description: String {
    "stopped with \(finishedFolds) of \(folds) folds finished; "
      + (folder.map { "they are kept in \($0); the same command with the same folder continues" }
        ?? "no folder was given, so nothing is kept")
  }
}
