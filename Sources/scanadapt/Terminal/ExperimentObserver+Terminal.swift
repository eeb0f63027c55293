import Adaptation
import Cohorts
import Experiments

extension ExperimentObserver {
  /// Progress on stderr, signals as the wish to stop, and a monotonic clock.
  static func terminal(_ progress: ProgressLine) -> ExperimentObserver {
    let training = TrainingObserver.terminal(progress)
    return ExperimentObserver(
      report: { event in
        switch event {
        case .foldBegan(_, let number, let count): progress.show("fold \(number) of \(count)")
        case .foldTakenUp(let fold, let strategies): Terminal.note("\(fold): taken up with \(strategies.count) strategies finished")
        case .strategyBegan(let name, let fold, let number, let count): progress.show("\(fold): \(name) (\(number) of \(count))")
        case .strategyFailed(let name, let fold, let reason): Terminal.note("\(fold): \(name) failed: \(reason)")
        case .candidateBegan(let name, let fold, let number, let count): progress.show("\(fold): \(name) (candidate \(number) of \(count))")
        case .training(let event): training.report(event)
        case .predicting(let scans): progress.show("predicting \(scans) scans")
        case .summarizing: progress.show("summarizing")
        }
      },
      shouldStop: training.shouldStop, seconds: training.seconds)
  }
}
