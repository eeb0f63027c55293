import Foundation
import Testing

/// The built command, run as a person runs it.
struct CommandRun {
  let status: Int32
  let output: String
  let errors: String

  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  static let scanadapt = root.appending(path: ".build/release/scanadapt").path

  init(_ arguments: [String], in folder: URL) throws {
    try self.init(Self.scanadapt, arguments, in: folder)
  }

  init(_ executable: String, _ arguments: [String], in folder: URL) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment.merging(
      ["SCANADAPT": Self.scanadapt, "XDG_CACHE_HOME": folder.appending(path: ".cache").path]) { _, new in new }
    // Files, not pipes: nothing is lost or blocked however much is printed.
    let outputFile = folder.appending(path: ".stdout-\(UUID().uuidString)")
    let errorFile = folder.appending(path: ".stderr-\(UUID().uuidString)")
    for file in [outputFile, errorFile] { try Data().write(to: file) }
    defer { for file in [outputFile, errorFile] { try? FileManager.default.removeItem(at: file) } }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: outputFile)
    process.standardError = try FileHandle(forWritingTo: errorFile)
    try process.run()
    process.waitUntilExit()
    status = process.terminationStatus
    output = String(decoding: try Data(contentsOf: outputFile), as: UTF8.self)
    errors = String(decoding: try Data(contentsOf: errorFile), as: UTF8.self)
  }
}

/// A folder of a test's own, removed after it.
func withScratchFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appending(path: "scanadapt-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder)
}

/// Expects an exit code, and shows what the command said where it had another.
func requireStatus(_ status: Int32, _ run: CommandRun, sourceLocation: SourceLocation = #_sourceLocation) {
  #expect(run.status == status, "\(run.errors)", sourceLocation: sourceLocation)
}
