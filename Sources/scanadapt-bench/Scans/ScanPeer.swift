import Foundation

/// PyTorch's side of a job on scans: `tools/bench-scans.py`, a process for each run, which times itself after its imports.
struct ScanPeer {
  struct Answer: Decodable {
    let seconds: Double
    let peakBytes: Int
    let trainingSeconds: Double?
  }

  let python: String
  let script: String
  let threads: Int

  func run(_ job: String, manifest: String? = nil, count: Int = 0, epochs: Int = 1, batch: Int = 16) throws -> Answer {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments =
      [script, job] + (manifest.map { [$0] } ?? [])
      + ["--count", "\(count)", "--epochs", "\(epochs)", "--batch", "\(batch)", "--workers", "2", "--threads", "\(threads)"]
    process.environment = ProcessInfo.processInfo.environment.merging(["OMP_NUM_THREADS": "\(threads)"]) { _, new in new }
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    guard process.terminationStatus == 0, let answer = try? decoder.decode(Answer.self, from: text) else { throw PeerError.silent }
    return answer
  }
}
