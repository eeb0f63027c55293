import Adaptation
import Foundation

extension TrainingObserver {
  /// Progress on stderr, signals as the wish to stop, and a monotonic clock.
  static func terminal(_ progress: ProgressLine, prefix: String = "") -> TrainingObserver {
    let start = ContinuousClock.now
    return TrainingObserver(
      report: { event in
        switch event {
        case .reading(let done, let total): progress.show("\(prefix)reading: \(done) of \(total) scans")
        case .recalibrating: progress.show("\(prefix)estimating statistics")
        case .phase(let name, let number, let count, _): progress.show("\(prefix)phase \(number + 1) of \(count): \(name)")
        case .step(let epoch, let step, let steps, let loss):
          progress.show("\(prefix)epoch \(epoch + 1), step \(step) of \(steps), loss \(String(format: "%.4f", loss))")
        case .epoch(let row, _):
          progress.show("\(prefix)epoch \(row.epoch + 1): training loss \(row.trainingLoss.map { String(format: "%.4f", $0) } ?? "none")")
        case .checkpoint, .watched: break
        case .resumed(let epoch, let step): Terminal.note("\(prefix)continuing at epoch \(epoch + 1), step \(step + 1)")
        }
      },
      shouldStop: { StopSignal.isReceived },
      seconds: { (ContinuousClock.now - start) / .seconds(1) })
  }
}
