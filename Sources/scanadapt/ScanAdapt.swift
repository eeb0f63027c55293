import Adaptation
import ArgumentParser
import Foundation

/// The command: arguments, progress, the wording of errors, exit codes. No method lives here.
@main
struct ScanAdapt: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scanadapt", abstract: "Make a network fit this hospital's scanners, and prove whether it does.",
    version: ProgramVersion.current,
    subcommands: [
      DiagnoseCommand.self, AuditCommand.self, AdaptCommand.self, EvaluateCommand.self, AdviseCommand.self, PredictCommand.self,
      InspectCommand.self,
      ConvertCommand.self,
      PhantomCommand.self,
    ])

  static func main() {
    do {
      var command = try parseAsRoot()
      StopSignal.install()
      try command.run()
    } catch {
      guard let failure = FailureReport(error) else { exit(withError: error) }
      Terminal.note("scanadapt: \(failure.sentence)")
      Foundation.exit(failure.status.rawValue)
    }
  }
}
