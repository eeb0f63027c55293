import Adaptation
import ArgumentParser
import Cohorts
import Foundation
import ModelFiles

/// Threads, memory, cache and what is said along the way: the same on every command that computes.
struct ComputeOptions: ParsableArguments {
  @Option(help: "Threads; all cores unless given. The result has the same bits at any number.")
  var threads: Int?

  @Option(help: "The most memory for activations and cached features, such as 4G.")
  var memory = ByteCount(bytes: 4 << 30)

  @Option(help: "Where decoded scans are kept between runs; 'none' keeps nothing.")
  var cache: String?

  @Option(help: "The most that the cache may hold on disk.")
  var cacheLimit = ByteCount(bytes: 20 << 30)

  @Option(help: "The seed of everything random; 0 unless given.")
  var seed: UInt64?

  @Flag(help: "No progress on stderr.")
  var quiet = false

  @Flag(help: "The result as JSON on stdout.")
  var json = false

  var seedValue: UInt64 { seed ?? 0 }

  var threadCount: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }

  var budget: ComputeBudget { ComputeBudget(threads: threads, memory: memory.bytes) }

  /// Prepares scans as the model's card says, through the cache.
  func loader(for model: Model) throws -> ScanLoader {
    let folder = cache ?? Self.defaultCacheFolder
    let cache = folder == "none" ? nil : try ScanCache(folder: folder, limitBytes: cacheLimit.bytes)
    return ScanLoader(preprocessing: model.card.preprocessing, cache: cache, workers: threadCount, memoryLimit: memory.bytes / 8)
  }

  /// `$XDG_CACHE_HOME/scanadapt`, else `~/.cache/scanadapt`.
  private static var defaultCacheFolder: String {
    let environment = ProcessInfo.processInfo.environment
    let base = environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory() + "/.cache"
    return base + "/scanadapt"
  }

  func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads is at least 1, not \(threads)") }
  }
}

/// A number of bytes as people write it: 4G, 500M, 1024.
struct ByteCount: ExpressibleByArgument, Hashable {
  let bytes: Int

  init(bytes: Int) { self.bytes = bytes }

  init?(argument: String) {
    let units: [Character: Int] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40]
    let unit = argument.last.flatMap { units[Character($0.uppercased())] }
    let digits = unit == nil ? argument[...] : argument.dropLast()
    guard let number = Double(digits), number > 0, number * Double(unit ?? 1) < 0x1p62 else { return nil }
    bytes = Int(number * Double(unit ?? 1))
  }

  var defaultValueDescription: String { bytes % (1 << 30) == 0 ? "\(bytes >> 30)G" : "\(bytes >> 20)M" }
}
