import Foundation

/// PyTorch or ONNX Runtime in a process of its own (`tools/bench-peer.py`), asked for one timed run at a time.
///
/// Between requests the process is stopped (SIGSTOP): the threads of OpenMP and ONNX Runtime spin for a while after their work, and would
/// take a core from whoever is measured next.
final class Peer {
  enum Kind: String, CaseIterable {
    case nchw, nhwc, onnxruntime
  }

  private struct Request: Encodable {
    let network: String
    let job: String
    let batch: Int
    let size: Int
    let threads: Int
    let repetitions: Int
    let peer: String
  }

  private struct Answer: Decodable {
    let seconds: Double?
    let gflop: Double?
    let error: String?
  }

  private let process = Process()
  private let requests = Pipe()
  private let answers = Pipe()
  private var buffered = Data()

  private let kind: Kind
  /// Of the libraries it runs, by name.
  private(set) var versions: [String: String] = [:]

  init(_ kind: Kind, python: String, script: String, threads: Int) throws {
    self.kind = kind
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = [script]
    process.environment = ProcessInfo.processInfo.environment.merging(["OMP_NUM_THREADS": "\(threads)"]) { _, new in new }
    process.standardInput = requests
    process.standardOutput = answers
    process.standardError = FileHandle.nullDevice
    try process.run()
    // Its first line says that everything is imported, and what.
    versions = try JSONDecoder().decode([String: String].self, from: nextLine())
    kill(process.processIdentifier, SIGSTOP)
  }

  deinit {
    kill(process.processIdentifier, SIGCONT)
    try? requests.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  /// Seconds of one repetition, the mean of `repetitions`; nil where the peer can't do it.
  func time(_ job: Job, network: String, batch: Int, size: Int, threads: Int, repetitions: Int) throws -> Double? {
    try answer(
      to: Request(
        network: network, job: job.rawValue, batch: batch, size: size, threads: threads, repetitions: repetitions, peer: kind.rawValue)
    ).seconds
  }

  /// Its count of one image's operations, in 10⁹.
  func gflop(network: String, size: Int) throws -> Double? {
    try answer(
      to: Request(network: network, job: "gflop", batch: 1, size: size, threads: 1, repetitions: 1, peer: kind.rawValue)
    ).gflop
  }

  private func answer(to request: Request) throws -> Answer {
    kill(process.processIdentifier, SIGCONT)
    defer { kill(process.processIdentifier, SIGSTOP) }
    try requests.fileHandleForWriting.write(contentsOf: JSONEncoder().encode(request) + Data("\n".utf8))
    return try JSONDecoder().decode(Answer.self, from: nextLine())
  }

  private func nextLine() throws -> Data {
    while true {
      if let end = buffered.firstIndex(of: UInt8(ascii: "\n")) {
        let line = buffered[buffered.startIndex..<end]
        buffered = Data(buffered[(end + 1)...])
        return Data(line)
      }
      let more = answers.fileHandleForReading.availableData
      guard !more.isEmpty else { throw PeerError.silent }
      buffered += more
    }
  }
}
