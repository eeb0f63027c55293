import Adaptation
import Cohorts
import Engine
import Files
import Foundation
import Graphs
import ModelFiles

/// Our side of the jobs on scans, each from files on disk and an empty cache unless it says otherwise; seconds of each.
struct ScanJobs {
  let scans: PhantomScans
  let threads: Int
  /// Decoded scans are kept here.
  let cacheFolder: String

  /// Every scan decoded, resized, scaled, and written to the cache.
  func decode(_ count: Int) throws -> Double {
    try emptyCache()
    return try readAgain(count)
  }

  /// The same through the cache as it is.
  func readAgain(_ count: Int) throws -> Double {
    let loader = try loader()
    var seen = 0
    let seconds = ContinuousClock().measure {
      for batch in loader.batches(of: Array(scans.cohort.records.prefix(count)), size: 16) { seen += batch.records.count }
    }
    guard seen == count else { throw PhantomScansError.tooFew(folder: scans.manifest, found: seen, expected: count) }
    return seconds / .seconds(1)
  }

  func linearProbe(_ count: Int, epochs: Int) throws -> Double {
    // The backbone's statistics stay, as in the peer's script.
    try adapt(LinearProbe(head: .new, statistics: .source), count, TrainingConfiguration(epochs: epochs, batchSize: 16))
  }

  func bnOnly(_ count: Int, epochs: Int) throws -> Double {
    try adapt(NormalizationOnly(), count, TrainingConfiguration(epochs: epochs, batchSize: 16))
  }

  private func adapt(_ strategy: any AdaptationStrategy, _ count: Int, _ configuration: TrainingConfiguration) throws -> Double {
    try emptyCache()
    let training = scans.training(count)
    let model = try PhantomScans.model()
    let run = AdaptationRun(strategy, training: configuration, budget: ComputeBudget(threads: threads, memory: 4 << 30))
    return try ContinuousClock().measure { _ = try run.adapt(model, to: training, loader: loader()) } / .seconds(1)
  }

  private func loader() throws -> ScanLoader {
    ScanLoader(preprocessing: .imageNet(), cache: try ScanCache(folder: cacheFolder, limitBytes: 20 << 30), workers: 2)
  }

  private func emptyCache() throws { if Folder.exists(cacheFolder) { try Folder.remove(cacheFolder) } }
}
