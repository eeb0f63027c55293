public typealias TrainingObserver = RunObserver<TrainingEvent>

/// Something happened that a person may want to see.
public enum TrainingEvent: Sendable {
  /// Scans read, of all.
  case reading(done: Int, total: Int)
  case recalibrating
  /// A phase of several begins or is continued, and how many epochs it has; numbers count from 0.
  case phase(String, number: Int, of: Int, epochs: Int)
  case step(epoch: Int, step: Int, stepsPerEpoch: Int, loss: Double)
  /// A training without labels looked at its answers to so many scans, as after every epoch; only where costs are measured.
  case watched(scans: Int, seconds: Double?)
  /// The row, and the seconds the epoch took where there is a clock.
  case epoch(EpochMetrics, seconds: Double?)
  case checkpoint(path: String)
  /// Continues from a checkpoint, at this epoch and step.
  case resumed(epoch: Int, step: Int)
}

/// A run was asked to stop and did, at a step boundary. Exit code 75; the same command continues it.
public struct Interrupted: Error, Hashable, Sendable, CustomStringConvertible {
  public let epoch: Int
  public let step: Int
  /// The checkpoint; nil where none was asked for, and then the work since the start is lost.
  public let checkpoint: String?

  public var description: String {
    "stopped before step \(step) of epoch \(epoch); "
      + (checkpoint.map { "the checkpoint is in \($0), and the same command continues" }
        ?? "no checkpoint was asked for, so nothing is kept")
  }
}
