import Cohorts
import Files
import Tensors

/// Where the prepared images of scans come from: a loader, a cache, or a test.
public struct ScanImages: Sendable {
  /// The images of some scans that were asked for.
  public struct Batch: Sendable {
    /// The readable ones, in the order asked.
    public let records: [ScanRecord]
    /// `[C, H, W]`, one per record.
    public let images: [Tensor]
    /// The unreadable ones.
    public let failures: [ScanFailure]

    public init(records: [ScanRecord], images: [Tensor], failures: [ScanFailure]) {
      precondition(records.count == images.count, "\(records.count) records beside \(images.count) images")
      self.records = records
      self.images = images
      self.failures = failures
    }
  }

  public let load: @Sendable ([ScanRecord]) throws -> Batch
  let contentHashes: @Sendable ([ScanRecord]) -> [ContentHash?]

  /// - Parameters:
  ///   - contentHashes: of each file's bytes, nil where it can't be read; reads the files unless given.
  ///   - load: asked for the same scans twice, it must give the same.
  public init(
    contentHashes: @escaping @Sendable ([ScanRecord]) -> [ContentHash?] = { $0.map { try? ContentHash(ofFileAt: $0.absolutePath) } },
    load: @escaping @Sendable ([ScanRecord]) throws -> Batch
  ) {
    self.contentHashes = contentHashes
    self.load = load
  }
}

extension ScanImages {
  /// Reads and prepares scans with a loader, and from its cache where it has one.
  public init(_ loader: ScanLoader) {
    self.init(
      contentHashes: { loader.contentHashes(of: $0) },
      load: { records in
        let loaded = loader.images(for: records)
        return Batch(records: loaded.scans.map(\.record), images: loaded.tensors, failures: loaded.failures)
      })
  }
}
