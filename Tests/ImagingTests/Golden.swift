import Foundation

/// Where fixtures and the shared data stand, and how golden JSON is read.
enum Golden {
  static let packageRoot = URL(fileURLWithPath: #filePath).appending(path: "../../..").standardizedFileURL

  static func read<Value: Decodable>(_ name: String, as type: Value.Type) throws -> Value {
    try JSONDecoder().decode(type, from: Data(contentsOf: packageRoot.appending(path: "Fixtures/golden/imaging/\(name).json")))
  }

  /// `../shared/data`, or under `SCANADAPT_SHARED`; nil when this machine doesn't have it.
  static let sharedData: URL? = {
    let shared =
      ProcessInfo.processInfo.environment["SCANADAPT_SHARED"].map { URL(fileURLWithPath: $0) }
      ?? packageRoot.deletingLastPathComponent().appending(path: "shared")
    let data = shared.appending(path: "data")
    return FileManager.default.fileExists(atPath: data.path) ? data : nil
  }()
}

struct GoldenFormat: Decodable {
  let color: UInt8
  let depth: Int
  let interlaced: Bool
  let width: Int
  let height: Int
  let png: Data
  let samples: [UInt16]
  let palette: [UInt8]
  let alpha: [UInt8]
  let key: [UInt16]
}
