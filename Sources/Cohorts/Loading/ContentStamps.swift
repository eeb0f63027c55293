import Files
import Synchronization

/// What an unchanged file's content hash was, so that it needn't be read again: by path, with size, inode and times.
///
/// Kept as lines of `SHA-256 of the path, size, inode, modified, changed, content hash`; a line that cannot be read is forgotten.
final class ContentStamps: Sendable {
  private struct Known: Hashable {
    let stamp: FileStamp
    let content: ContentHash
  }

  private struct State {
    var known: [ContentHash: Known] = [:]
    var isSaved = true
  }

  private let file: String
  private let state: Mutex<State>
  private static let header = "scanadapt stamps 1"

  init(file: String) {
    self.file = file
    var state = State()
    if let bytes = try? FileContents.read(file, limitBytes: 1 << 30) {
      let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
      if lines.first == Substring(Self.header) {
        for line in lines.dropFirst() {
          let cells = line.split(separator: " ")
          guard cells.count == 6, let path = ContentHash(hex: cells[0]), let content = ContentHash(hex: cells[5]),
            let size = Int64(cells[1]), let inode = UInt64(cells[2]), let modified = Int64(cells[3]), let changed = Int64(cells[4])
          else { continue }
          let stamp = FileStamp(size: size, inode: inode, modifiedNanoseconds: modified, changedNanoseconds: changed)
          state.known[path] = Known(stamp: stamp, content: content)
        }
      }
    }
    self.state = Mutex(state)
  }

  /// nil if the file is unknown or has changed.
  func content(of path: String) -> ContentHash? {
    guard let stamp = try? FileStamp(ofFileAt: path) else { return nil }
    let key = ContentHash(of: path)
    return state.withLock { $0.known[key].flatMap { $0.stamp == stamp ? $0.content : nil } }
  }

  func remember(_ path: String, _ stamp: FileStamp, _ content: ContentHash) {
    let key = ContentHash(of: path)
    state.withLock {
      let known = Known(stamp: stamp, content: content)
      if $0.known.updateValue(known, forKey: key) != known { $0.isSaved = false }
    }
  }

  func save() throws(FileError) {
    let known = state.withLock { state -> [ContentHash: Known]? in
      if state.isSaved { return nil }
      state.isSaved = true
      return state.known
    }
    guard let known else { return }
    var text = Self.header + "\n"
    for (path, value) in known.sorted(by: { $0.key < $1.key }) {
      let stamp = value.stamp
      text += "\(path) \(stamp.size) \(stamp.inode) \(stamp.modifiedNanoseconds) \(stamp.changedNanoseconds) \(value.content)\n"
    }
    try AtomicFile.write(text, to: file, durability: .buffered)
  }
}
