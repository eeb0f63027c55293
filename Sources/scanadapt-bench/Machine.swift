import CKernels
import Foundation
import Tensors

/// What the figures were measured on, and what it could do at most.
struct Machine: Encodable {
  let processor: String
  let cores: Int
  let instructionSet: String
  /// GFLOP/s of multiply-adds on registers.
  let peakOfOneCore: Double
  let peakOfAllCores: Double
  /// GB/s read and written by copying 256 MB, one core.
  let copyRate: Double
  let system: String
  let date: String
  /// "torch", "onnxruntime" and so on, by the peer's own word.
  var versions: [String: String] = [:]

  init(threads: Int, instructionSet set: sa_instruction_set, now: Date) {
    let information = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    processor =
      information.split(separator: "\n").first { $0.hasPrefix("model name") }?
      .split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
    cores = ProcessInfo.processInfo.activeProcessorCount
    instructionSet = String(cString: sa_instruction_set_name(set))
    peakOfOneCore = Self.peak(threads: 1, set)
    peakOfAllCores = Self.peak(threads: threads, set)
    copyRate = Self.copyRate()
    system = ProcessInfo.processInfo.operatingSystemVersionString
    date = now.formatted(.iso8601)
  }

  var text: String {
    """
    \(processor), \(cores) cores, \(instructionSet); \(date)
    multiply-add peak \(Int(peakOfOneCore)) GFLOP/s on one core, \(Int(peakOfAllCores)) on all threads; memory copy \
    \(String(format: "%.1f", copyRate)) GB/s; \(system)
    """
      + (versions.isEmpty ? "" : "; " + versions.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
  }

  private static func peak(threads: Int, _ set: sa_instruction_set) -> Double {
    let pool = threads > 1 ? sa_pool_create(Int32(threads)) : nil
    defer { if let pool { sa_pool_destroy(pool) } }
    let rates = (0..<5).map { _ in
      var operations = 0.0
      let elapsed = ContinuousClock().measure { operations = sa_multiply_add_peak(1_000_000, Int32(threads), set, pool) }
      return operations / (elapsed / .seconds(1)) / 1e9
    }
    return rates.max()!
  }

  private static func copyRate() -> Double {
    let source = AlignedStorage(repeating: 1, count: 32 << 20)
    let target = AlignedStorage(repeating: 0, count: 32 << 20)
    let seconds = (0..<4).map { _ in
      ContinuousClock().measure { target.pointer.update(from: source.pointer, count: source.count) } / .seconds(1)
    }
    return Double(2 * source.count * 4) / seconds.min()! / 1e9
  }
}
