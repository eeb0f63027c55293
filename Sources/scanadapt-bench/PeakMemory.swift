import Adaptation
import Foundation

/// The most memory a process ever held (VmHWM), ours in a process of its own.
enum PeakMemory {
  /// Of this process, in bytes.
  static func ofThisProcess() throws -> Int {
    guard let bytes = ProcessMemory.peakBytes else { throw PeerError.silent }
    return bytes
  }

  /// Of this command run again with other arguments, which must print it.
  static func ofAnotherRun(_ arguments: [String]) throws -> Int {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard let bytes = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) else { throw PeerError.silent }
    return bytes
  }
}
