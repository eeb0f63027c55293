import Files
import Imaging
import Tensors

/// A scan as a network will see it.
public struct LoadedScan: Sendable {
  public let record: ScanRecord
  /// `[C, H, W]`.
  public let image: Tensor
  /// Of the file's bytes.
  public let contentHash: ContentHash
  public let notes: [PixelNote]
}

/// Scans in the order asked for, without those that could not be loaded.
public struct LoadedScans: Sendable {
  public let scans: [LoadedScan]
  public let failures: [ScanFailure]

  public var tensors: [Tensor] { scans.map(\.image) }
}

/// Reads scans and prepares them for a network, on several threads and, where there is a cache, once.
///
/// The order and the bits of what comes out depend neither on the number of workers nor on the cache.
public struct ScanLoader: Sendable {
  public let preprocessing: Preprocessing
  public let cache: ScanCache?
  public let workers: Int
  /// Bytes of prepared scans that may wait for the consumer.
  public let memoryLimit: Int
  public let limits: PNGLimits

  public init(
    preprocessing: Preprocessing, cache: ScanCache? = nil, workers: Int = 2, memoryLimit: Int = 512 << 20, limits: PNGLimits = PNGLimits()
  ) {
    precondition(workers >= 1, "a loader needs at least one worker, not \(workers)")
    precondition(memoryLimit > 0, "a loader needs some memory, not \(memoryLimit) bytes")
    self.preprocessing = preprocessing
    self.cache = cache
    self.workers = workers
    self.memoryLimit = memoryLimit
    self.limits = limits
  }

  /// Loads one scan on this thread.
  public func load(_ record: ScanRecord) -> Result<LoadedScan, ScanFailure> {
    do {
      return .success(try loading(record))
    } catch {
      return .failure(ScanFailure(path: record.path, reason: Self.reason(error)))
    }
  }

  /// All at once, in memory; for sets that don't fit there, see `batches`.
  public func images(for records: [ScanRecord]) -> LoadedScans {
    var scans: [LoadedScan] = []
    var failures: [ScanFailure] = []
    for result in prefetched(records, load) {
      switch result {
      case .success(let scan): scans.append(scan)
      case .failure(let failure): failures.append(failure)
      }
    }
    try? cache?.stamps.save()
    return LoadedScans(scans: scans, failures: failures)
  }

  /// The hash of each file's bytes, without decoding; nil where a file can't be read. Unchanged files known to the cache aren't read.
  public func contentHashes(of records: [ScanRecord]) -> [ContentHash?] {
    let hashes = prefetched(records) { try? contentHash(of: $0) }
    defer { try? cache?.stamps.save() }
    return Array(hashes)
  }

  /// Work done ahead of its consumer, in order.
  func prefetched<Item: Sendable, Output: Sendable>(
    _ items: [Item], _ work: @escaping @Sendable (Item) -> Output
  ) -> Prefetching<Item, Output> {
    let bytes = (preprocessing.outputShape?.count ?? 1 << 20) * 4
    let ahead = min(max(memoryLimit / bytes, 1), 64 * workers, max(items.count, 1))
    return Prefetching(items, workers: workers, ahead: ahead, work)
  }

  private func contentHash(of record: ScanRecord) throws(FileError) -> ContentHash {
    if let known = cache?.stamps.content(of: record.absolutePath) { return known }
    let (bytes, stamp) = try FileContents.readWithStamp(record.absolutePath, limitBytes: limits.fileBytes)
    let content = ContentHash(of: bytes)
    cache?.stamps.remember(record.absolutePath, stamp, content)
    return content
  }

  private func loading(_ record: ScanRecord) throws -> LoadedScan {
    let known = cache?.stamps.content(of: record.absolutePath)
    if let known, let entry = cache?.entry(ScanCache.key(of: known, preprocessing)) {
      return LoadedScan(record: record, image: entry.tensor, contentHash: known, notes: entry.notes)
    }
    let (bytes, stamp) = try FileContents.readWithStamp(record.absolutePath, limitBytes: limits.fileBytes)
    let content = ContentHash(of: bytes)
    let key = ScanCache.key(of: content, preprocessing)
    if content != known, let entry = cache?.entry(key) {
      cache?.stamps.remember(record.absolutePath, stamp, content)
      return LoadedScan(record: record, image: entry.tensor, contentHash: content, notes: entry.notes)
    }
    let prepared = try preprocessing.prepare(PNGReader.decode(bytes: bytes, limits: limits))
    if let cache {
      cache.store(ScanCacheEntry(tensor: prepared.tensor, notes: prepared.notes), key)
      cache.stamps.remember(record.absolutePath, stamp, content)
    }
    return LoadedScan(record: record, image: prepared.tensor, contentHash: content, notes: prepared.notes)
  }

  /// The sentence without the path, which the failure has.
  static func reason(_ error: any Error) -> String {
    guard let error = error as? FileError else { return "\(error)" }
    return error.description.hasPrefix(error.path + ": ") ? String(error.description.dropFirst(error.path.count + 2)) : error.description
  }
}

extension ScanFailure: Error {}
