import Foundation

/// The process's resident memory as Linux tells it.
package enum ProcessMemory {
  /// The most it held since it began, or since the last reset (VmHWM), in bytes; nil where the system doesn't tell.
  package static var peakBytes: Int? {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return nil }
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 << 10 }
  }

  /// Best effort: where it isn't allowed, the peak stays that of the whole process.
  package static func resetPeak() {
    guard let file = fopen("/proc/self/clear_refs", "w") else { return }
    fputs("5", file)
    fclose(file)
  }
}
