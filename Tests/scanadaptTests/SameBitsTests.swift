import Foundation
import Testing

@Suite("The command gives the same bits")
struct SameBitsTests {
  private static let fixture = CommandRun.root.appending(path: "Fixtures/phantom").path

  private func arguments(out: String, epochs: Int = 6, threads: Int) -> [String] {
    [
      "adapt", "--from-scratch", "small_cnn", "--labels", "benign,lesion", "--preprocess", "unit crop=48", "--scans",
      Self.fixture, "--strategy", "full", "--epochs", "\(epochs)", "--batch-size", "4", "--augment", "flip", "--augment", "rotate=5",
      "--seed",
      "7", "--threads", "\(threads)", "--out", out, "--quiet",
    ]
  }

  private func weights(_ folder: URL, _ run: String) throws -> Data {
    try Data(contentsOf: folder.appending(path: "\(run)/model.safetensors"))
  }

  @Test("Twice, and with 1, 2 and 3 threads")
  func threads() throws {
    try withScratchFolder { folder in
      for (run, threads) in [("a", 1), ("b", 1), ("c", 2), ("d", 3)] {
        requireStatus(0, try CommandRun(arguments(out: run, threads: threads), in: folder))
      }
      let first = try weights(folder, "a")
      for run in ["b", "c", "d"] {
        let found = try weights(folder, run)
        #expect(found == first, "run \(run)")
      }
    }
  }

  @Test("Stopped by a signal, it exits 75 with a checkpoint, and the same command ends with the bits of an uninterrupted run")
  func resumed() throws {
    try withScratchFolder { folder in
      let epochs = 80
      requireStatus(0, try CommandRun(arguments(out: "whole", epochs: epochs, threads: 2), in: folder))
      var stops = 0
      for delay in [0.1, 0.25, 0.4] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: CommandRun.scanadapt)
        process.arguments = arguments(out: "stopped", epochs: epochs, threads: 2)
        process.currentDirectoryURL = folder
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        process.environment = ProcessInfo.processInfo.environment.merging(["XDG_CACHE_HOME": folder.path + "/.cache"]) { _, new in new }
        try process.run()
        // The folder is there once training is about to begin.
        let checkpoints = folder.appending(path: "stopped/checkpoints").path
        while process.isRunning, !FileManager.default.fileExists(atPath: checkpoints) { Thread.sleep(forTimeInterval: 0.01) }
        Thread.sleep(forTimeInterval: delay)
        process.terminate()
        process.waitUntilExit()
        if process.terminationStatus == 75 { stops += 1 }
        if process.terminationStatus == 0 { break }
      }
      let last = try CommandRun(arguments(out: "stopped", epochs: epochs, threads: 2), in: folder)
      #expect(last.status == 0 || last.status == 73, "\(last.errors)")
      let (stopped, whole) = (try weights(folder, "stopped"), try weights(folder, "whole"))
      #expect(stopped == whole)
      #expect(stops > 0, "no run was stopped in time; the epochs are too few for this machine")
    }
  }
}
