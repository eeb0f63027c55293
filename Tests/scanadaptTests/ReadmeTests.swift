import Foundation
import Testing

@Suite("README")
struct ReadmeTests {
  /// The commands of all `sh` blocks, continuation lines joined.
  private static func commands() throws -> [String] {
    let text = try String(contentsOf: CommandRun.root.appending(path: "README.md"), encoding: .utf8)
    var commands: [String] = []
    var isInside = false
    for line in text.replacing("\\\n", with: " ").split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("```") {
        isInside = line == "```sh" && !isInside
      } else if isInside, !line.isEmpty, !line.hasPrefix("#") {
        commands.append(String(line))
      }
    }
    return commands
  }

  @Test("Every command in the README runs as written, the demo in its small form")
  func commands() throws {
    let commands = try Self.commands()
    #expect(commands.contains("tools/demo") && commands.contains("tools/test"))
    try withScratchFolder { folder in
      for command in commands where !Self.runsElsewhere(command) {
        let line = command.replacing(try Regex("^tools/demo"), with: "\(CommandRun.root.path)/tools/demo --small")
          .replacing(try Regex("^scanadapt "), with: "'\(CommandRun.scanadapt)' ")
        let run = try CommandRun("/bin/bash", ["-c", line], in: folder)
        #expect(run.status == 0, "\(command)\n\(run.errors)")
      }
    }
  }

  /// `tools/test` runs this very test; benchmarks measure and aren't timed here; the build stands before all of it.
  private static func runsElsewhere(_ command: String) -> Bool {
    ["tools/test", "tools/bench", "export PATH="].contains { command.hasPrefix($0) }
  }

  @Test("The README stays under 150 lines")
  func length() throws {
    let text = try String(contentsOf: CommandRun.root.appending(path: "README.md"), encoding: .utf8)
    #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count <= 150)
  }
}
