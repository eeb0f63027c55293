import Cohorts
import Engine
import Files
import Tensors

/// Where the prepared images of scans come from: a loader, a cache, or a test.
public struct ScanImages: Sendable {
  /// The images of some scans that were asked for.
  public struct Batch: Sendable {
    /// The readable ones, in the order asked.
    public let records: [ScanRecord]
    /// `[N, C, H, W]`, one image per record; nil without records.
    public let images: Tensor?
    /// The unreadable ones.
    public let failures: [ScanFailure]

    public init(records: [ScanRecord], images: Tensor?, failures: [ScanFailure]) {
      precondition(records.count == images?.shape[0] ?? 0, "\(records.count) records beside images of \(images?.shape ?? [0])")
      self.records = records
      self.images = images
      self.failures = failures
    }
  }

  public let load: @Sendable ([ScanRecord]) throws -> Batch

  /// - Parameter load: asked for the same scans twice, it must give the same.
  public init(load: @escaping @Sendable ([ScanRecord]) throws -> Batch) { self.load = load }
}

/// Scans on their way through a network, in content-hash order, with a note of those that couldn't be read.
final class OrderedScans {
  private let scans: [(record: ScanRecord, contentHash: ContentHash)]
  private let source: ScanImages
  private var failed: [ScanID: ScanFailure] = [:]

  /// Hashes every file.
  init(_ records: [ScanRecord], images: ScanImages) {
    source = images
    var hashed: [(record: ScanRecord, contentHash: ContentHash)] = []
    for record in records {
      do { hashed.append((record, try ContentHash(ofFileAt: record.absolutePath))) } catch {
        failed[record.id] = ScanFailure(path: record.path, reason: "\(error)")
      }
    }
    scans = hashed.sorted { ($0.contentHash, $0.record.id) < ($1.contentHash, $1.record.id) }
  }

  /// Sorted by path.
  var failures: [ScanFailure] { failed.values.sorted { $0.path < $1.path } }

  var images: StatisticsImages { StatisticsImages(listed: scans.count, load: load) }

  func load(_ range: Range<Int>) throws -> StatisticsImages.Loaded {
    let asked = scans[range]
    let batch = try source.load(asked.map(\.record))
    let readable = Set(batch.records.map(\.id))
    let missing = asked.map(\.record).filter { !readable.contains($0.id) }
    for record in missing {
      failed[record.id] = batch.failures.first { $0.path == record.path } ?? ScanFailure(path: record.path, reason: "could not be read")
    }
    return StatisticsImages.Loaded(
      scans: asked.filter { readable.contains($0.record.id) }.map {
        StatisticsImages.Scan(id: $0.record.id, patient: $0.record.patient, contentHash: $0.contentHash)
      }, maps: batch.images.map(FeatureMaps.init))
  }
}
