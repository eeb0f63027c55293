import Foundation
import Testing

/// P2 and P3 at the worst moments: the process is killed, or the disk is full, at a chosen system call.
@Suite(
  "A run that dies at a write leaves every file whole or absent, and the same command finishes it", .enabled(if: FaultInjection.isThere))
struct KilledRunTests {
  private static let fixture = CommandRun.root.appending(path: "Fixtures/phantom").path

  private func arguments(out: String) -> [String] {
    [
      "adapt", "--from-scratch", "small_cnn", "--labels", "benign,lesion", "--preprocess", "unit crop=48", "--scans", Self.fixture,
      "--strategy", "full", "--epochs", "2", "--batch-size", "8", "--seed", "3", "--out", out, "--quiet",
    ]
  }

  private func files(of run: String, in folder: URL) throws -> [String: Data] {
    let path = folder.appending(path: run)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path.path)) ?? []
    return Dictionary(
      uniqueKeysWithValues: try names.filter { $0.contains(".") && $0 != ".lock" }.map {
        ($0, try Data(contentsOf: path.appending(path: $0)))
      })
  }

  /// What a run's files say whenever they are there; seconds, dates, or pseudonyms by the run's own key are in the others.
  private static let settled = ["model.safetensors", "metrics.csv", "config.yaml"]

  @Test(
    "Killed at every rename, synchronization and sampled write",
    arguments: [("rename", Array(1...8)), ("fsync", [1, 2, 5, 8, 11, 12]), ("write", [1, 3, 6, 10, 15, 20, 25, 30, 35])])
  func killed(call: String, occurrences: [Int]) throws {
    try withScratchFolder { folder in
      requireStatus(0, try CommandRun(arguments(out: "whole"), in: folder))
      let whole = try files(of: "whole", in: folder)
      var kills = 0
      for occurrence in occurrences {
        let name = "killed-\(occurrence)"
        let died = try FaultInjection(call, "signal=KILL:when=\(occurrence)").run(arguments(out: name), in: folder)
        if died.status != 0 { kills += 1 }
        for (file, found) in try files(of: name, in: folder) where Self.settled.contains(file) {
          #expect(found == whole[file], "\(file) after \(call) \(occurrence)")
        }
        let again = try CommandRun(arguments(out: name), in: folder)
        #expect(again.status == 0 || again.status == 73, "\(call) \(occurrence): \(again.errors)")
        let finished = try files(of: name, in: folder)
        for file in Self.settled { #expect(finished[file] == whole[file], "\(file) finished after \(call) \(occurrence)") }
        #expect(!finished.keys.contains { $0.hasSuffix(".partial") }, "left behind after \(call) \(occurrence): \(finished.keys.sorted())")
      }
      #expect(kills > 0, "no run was killed")
    }
  }

  @Test("A disk that is full: 74 or 73 with the file's name, nothing half-written, and room again finishes the run")
  func diskFull() throws {
    try withScratchFolder { folder in
      requireStatus(0, try CommandRun(arguments(out: "whole"), in: folder))
      let whole = try files(of: "whole", in: folder)
      // Later than this, writes are those of the run folder's files; a lost line on stderr stops nothing.
      var refusals = 0
      for call in ["fsync", "rename"] {
        for occurrence in [1, 2, 4, 6] {
          let name = "full-\(call)-\(occurrence)"
          let failed = try FaultInjection(call, "error=ENOSPC:when=\(occurrence)").run(arguments(out: name), in: folder)
          if failed.status != 0 {
            refusals += 1
            #expect(failed.status == 74 || failed.status == 73, "\(failed.errors)")
            #expect(failed.errors.contains(name) || failed.errors.contains(".cache"), "\(failed.errors)")
          }
          for (file, found) in try files(of: name, in: folder) where Self.settled.contains(file) {
            #expect(found == whole[file], "\(file) after \(call) \(occurrence)")
          }
          let again = try CommandRun(arguments(out: name), in: folder)
          #expect(again.status == 0 || again.status == 73, "\(call) \(occurrence): \(again.errors)")
          #expect(try files(of: name, in: folder)["model.safetensors"] == whole["model.safetensors"])
        }
      }
      #expect(refusals > 0, "no call failed")
    }
  }
}

/// The command under Debian's `strace`, which makes a chosen system call fail or die.
struct FaultInjection {
  private let call: String
  private let fault: String

  /// - Parameter fault: as strace's `inject` takes it: `signal=KILL:when=3`.
  init(_ call: String, _ fault: String) {
    self.call = call
    self.fault = fault
  }

  func run(_ arguments: [String], in folder: URL) throws -> CommandRun {
    try CommandRun(
      Self.strace,
      ["-f", "-qq", "-o", "/dev/null", "-e", "trace=\(call)", "-e", "inject=\(call):\(fault)", CommandRun.scanadapt] + arguments,
      in: folder)
  }

  private static let strace = "/usr/bin/strace"

  /// strace is installed, and may trace here.
  static let isThere: Bool = {
    guard FileManager.default.isExecutableFile(atPath: strace) else { return false }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: strace)
    process.arguments = ["-qq", "-o", "/dev/null", "/bin/true"]
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }()
}
