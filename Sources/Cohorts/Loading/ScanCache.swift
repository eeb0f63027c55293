import Files
import Imaging
import Synchronization

/// Prepared scans on disk, found by the content of the file and the preprocessing; the ones not used for longest make room.
///
/// Entries are written whole or not at all, checked when read, and remade if damaged, so the folder may be shared by runs and deleted at
/// any time. Nothing in it names a patient or a path. A cache that cannot be written stops being written and says so in `counts`; the
/// run goes on without.
public final class ScanCache: Sendable {
  /// What the cache did since it was opened.
  public struct Counts: Hashable, Sendable {
    public var hits = 0
    public var misses = 0
    /// Entries whose check failed; they were remade.
    public var damaged = 0
    public var evicted = 0
    /// Why writing stopped, if it did.
    public var writeFailure: FileError?
  }

  private struct State {
    var counts = Counts()
    /// Of all entries, as far as this process knows; counted anew when the limit is reached.
    var bytes: Int
  }

  public let folder: String
  public let limitBytes: Int
  let stamps: ContentStamps
  private let state: Mutex<State>
  private let evicting = Mutex(())

  /// - Parameter limitBytes: of all entries together.
  public init(folder: String, limitBytes: Int) throws(FileError) {
    self.folder = folder
    self.limitBytes = limitBytes
    try Folder.create(folder + "/scans")
    stamps = ContentStamps(file: folder + "/stamps")
    state = Mutex(State(bytes: Self.entries(in: folder).reduce(0) { $0 + $1.bytes }))
  }

  deinit { try? stamps.save() }

  public var counts: Counts { state.withLock { $0.counts } }

  static func key(of content: ContentHash, _ preprocessing: Preprocessing) -> ContentHash {
    ContentHash(of: content.bytes + Array(preprocessing.cacheKey.utf8))
  }

  func entry(_ key: ContentHash) -> ScanCacheEntry? {
    let path = path(of: key)
    guard let bytes = try? FileContents.read(path, limitBytes: 1 << 32) else {
      state.withLock { $0.counts.misses += 1 }
      return nil
    }
    guard let entry = ScanCacheEntry(bytes, key: key) else {
      state.withLock {
        $0.counts.damaged += 1
        $0.counts.misses += 1
      }
      return nil
    }
    try? FileUse.touch(path)
    state.withLock { $0.counts.hits += 1 }
    return entry
  }

  func store(_ entry: ScanCacheEntry, _ key: ContentHash) {
    guard state.withLock({ $0.counts.writeFailure == nil }) else { return }
    let bytes = entry.encoded(key: key)
    guard bytes.count <= limitBytes else { return }
    do throws(FileError) {
      let path = path(of: key)
      try Folder.create(path.replacing("/" + key.hex, with: ""))
      try AtomicFile.write(bytes, to: path, durability: .buffered)
    } catch {
      state.withLock { $0.counts.writeFailure = error }
      return
    }
    let isFull = state.withLock {
      $0.bytes += bytes.count
      return $0.bytes > limitBytes
    }
    if isFull { evict() }
  }

  /// Removes what wasn't used for longest until a tenth of the room is free.
  private func evict() {
    evicting.withLock { _ in
      guard state.withLock({ $0.bytes > limitBytes }) else { return }
      let entries = Self.entries(in: folder).sorted { ($0.used, $0.path) < ($1.used, $1.path) }
      var bytes = entries.reduce(0) { $0 + $1.bytes }
      var evicted = 0
      for entry in entries {
        if bytes <= limitBytes - limitBytes / 10 { break }
        guard (try? FileUse.remove(entry.path)) != nil else { continue }
        bytes -= entry.bytes
        evicted += 1
      }
      state.withLock {
        $0.bytes = bytes
        $0.counts.evicted += evicted
      }
    }
  }

  private func path(of key: ContentHash) -> String { "\(folder)/scans/\(key.hex.prefix(2))/\(key.hex)" }

  private static func entries(in folder: String) -> [(path: String, bytes: Int, used: Int64)] {
    let root = folder + "/scans/"
    let names = (try? Folder.filesRecursively(below: root)) ?? []
    return names.compactMap { name in
      (try? FileStamp(ofFileAt: root + name)).map { (root + name, Int($0.size), $0.modifiedNanoseconds) }
    }
  }
}
