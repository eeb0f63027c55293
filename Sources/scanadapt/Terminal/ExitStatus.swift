import ArgumentParser

/// What the command's exit code says, after BSD's sysexits.h.
enum ExitStatus: Int32 {
  case success = 0
  /// It ran well; the verdict is negative: a leak was found, the gate refused.
  case negativeVerdict = 2
  /// Some files or folders failed, and are listed. Wins over `negativeVerdict`.
  case someFailed = 3
  case usage = 64
  case badData = 65
  case inputMissing = 66
  case cannotCreate = 73
  case inputOutput = 74
  /// Stopped at a step boundary with a checkpoint saved; the same command goes on.
  case stopped = 75
  case badConfiguration = 78

  var code: ExitCode { ExitCode(rawValue) }
}

/// The outcome of a command that ran to its end, the more serious part winning.
struct Outcome {
  var hasNegativeVerdict = false
  var hasFailures = false

  /// - Throws: `ExitCode` unless all went well.
  func finish() throws {
    if hasFailures { throw ExitStatus.someFailed.code }
    if hasNegativeVerdict { throw ExitStatus.negativeVerdict.code }
  }
}
