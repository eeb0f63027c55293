import Foundation

/// The most memory a process ever held (VmHWM), ours in a process of its own.
enum PeakMemory {
  /// Of this process, in bytes.
  static func ofThisProcess() throws -> Int {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM") }),
      let kilobytes = line.split(whereSeparator: { !$0.isNumber }).first.flatMap({ Int($0) })
    else { throw PeerError.silent }
    return kilobytes * 1024
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
