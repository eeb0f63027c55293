import Foundation
import Testing

/// The development data beside the package (or at SCANADAPT_SHARED); tests that need them skip, with this message, where they are absent.
enum SharedData {
  static let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static let folder: URL =
    ProcessInfo.processInfo.environment["SCANADAPT_SHARED"].map { URL(filePath: $0) }
    ?? packageRoot.appending(path: "../shared").standardized

  static var isPresent: Bool { FileManager.default.fileExists(atPath: folder.appending(path: "data/weights").path(percentEncoded: false)) }

  static let absence: Comment = "the shared data are absent: set SCANADAPT_SHARED, or put them at ../shared"

  static func weights(_ name: String) -> String { folder.appending(path: "data/weights/\(name)").path(percentEncoded: false) }
}

/// A folder of its own for each test, removed after it.
func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appending(path: "scanadapt-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder)
}

/// A file of `Fixtures/golden/models`.
func golden(_ name: String) -> URL { SharedData.packageRoot.appending(path: "Fixtures/golden/models/\(name)") }

func goldenBytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: golden(name))) }
