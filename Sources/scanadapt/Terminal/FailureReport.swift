import Adaptation
import ArgumentParser
import Cohorts
import Experiments
import Files
import Foundation
import Imaging
import Normalization
import Phantoms

/// An error as a person gets it: one sentence and an exit code. Nil for the argument parser's own, which words them itself.
///
/// Every room's errors are data that describe themselves: file, line, found, expected. Here they only get their exit code.
struct FailureReport {
  let sentence: String
  let status: ExitStatus

  init?(_ error: any Error) {
    if error is ExitCode || error is CleanExit || error is ValidationError { return nil }
    if String(reflecting: type(of: error)).hasPrefix("ArgumentParser.") { return nil }
    sentence = "\(error)"
    status = Self.status(of: error)
  }

  private static func status(of error: any Error) -> ExitStatus {
    switch error {
    case let error as FileError: ExitStatus(rawValue: error.consequence.rawValue) ?? .inputOutput
    case let error as ManifestError:
      if case .file(let file) = error.reason { status(of: file) } else { .badData }
    case SplitFileError.file(let file), PseudonymKeyError.file(let file), PhantomError.file(let file), FileLockError.file(let file):
      status(of: file)
    case let error as PNGError where error.reason == .missing: .inputMissing
    case NormPackBankError.noPacks, ExperimentError.incomplete, ExperimentError.noFoldFinished, EvaluationPlanError.directoryMissing:
      .inputMissing
    case ExperimentError.noFold, ExperimentError.contradiction, ExperimentError.nestingNeedsLabels: .usage
    case is Interrupted, is ExperimentStopped, AdviceError.timeOver: .stopped
    case AdviceError.size, AdviceError.notAdditive, AdviceError.budgetTooSmall, AdviceError.nothingLeft: .usage
    case is FileLockError, is RunFolderError, ExperimentError.otherRun: .cannotCreate
    case is PreprocessingSyntaxError, is ConfigurationError, is StrategyError, is StrategyOptionError, is LayerSelectionError,
      is AdditionError, TrainingError.setting:
      .badConfiguration
    case is CocoaError, is POSIXError: .inputOutput
    default: .badData
    }
  }
}
