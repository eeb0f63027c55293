import Adaptation
import Cohorts

/// What the person's side hands in: where progress goes, whether to stop, and a clock. None of it changes a bit of the result.
public struct ExperimentObserver: Sendable {
  /// Something happened that a person may want to see.
  public enum Event: Sendable {
    case foldBegan(FoldName, number: Int, of: Int)
    /// The fold's record was found and is of this run.
    case foldTakenUp(FoldName, strategies: [String])
    case strategyBegan(String, fold: FoldName, number: Int, of: Int)
    case strategyFailed(String, fold: FoldName, reason: String)
    case training(TrainingObserver.Event)
    case predicting(scans: Int)
    case summarizing
  }

  public var report: @Sendable (Event) -> Void
  /// Asked before each fold, strategy and training step; true ends the run with what is finished kept.
  public var shouldStop: @Sendable () -> Bool
  /// Monotonic seconds; nil measures no time.
  public var seconds: (@Sendable () -> Double)?

  public init(
    report: @escaping @Sendable (Event) -> Void = { _ in }, shouldStop: @escaping @Sendable () -> Bool = { false },
    seconds: (@Sendable () -> Double)? = nil
  ) {
    self.report = report
    self.shouldStop = shouldStop
    self.seconds = seconds
  }

  var training: TrainingObserver {
    TrainingObserver(report: { [report] in report(.training($0)) }, shouldStop: shouldStop, seconds: seconds)
  }
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
