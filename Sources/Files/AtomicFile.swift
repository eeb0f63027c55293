import Synchronization
import SystemPackage

/// Writing a file so that it is whole or absent: a temporary file in the same folder, synchronized, renamed over the target,
/// and the folder synchronized after it. An error leaves the target as it was and nothing beside it.
public enum AtomicFile {
  /// Whether the bytes are on the disk when the call returns.
  public enum Durability: Sendable {
    /// Survives a power cut: file and folder are synchronized.
    case synchronized
    /// Whole or absent for every reader, but a power cut may leave an empty file: for caches, which check what they read.
    case buffered
  }

  public static func write(_ bytes: UnsafeRawBufferPointer, to path: String, durability: Durability = .synchronized) throws(FileError) {
    try write(to: path, durability: durability) { (file) throws(FileError) in try file.append(bytes) }
  }

  public static func write(_ bytes: [UInt8], to path: String, durability: Durability = .synchronized) throws(FileError) {
    try write(to: path, durability: durability) { (file) throws(FileError) in try file.append(bytes) }
  }

  public static func write(_ text: String, to path: String, durability: Durability = .synchronized) throws(FileError) {
    try write(Array(text.utf8), to: path, durability: durability)
  }

  /// Writes piece by piece, for files that should not be held in memory whole.
  public static func write(
    to path: String, durability: Durability = .synchronized, _ body: (borrowing PartialFile) throws(FileError) -> Void
  ) throws(FileError) {
    let target = FilePath(path)
    guard let name = target.lastComponent, name.kind == .regular else {
      throw FileError(path: path, operation: .creating, reason: .unusableName)
    }
    let folder = target.removingLastComponent()
    let (file, temporary) = try open(beside: name.string, in: folder)
    do throws(FileError) {
      do throws(FileError) {
        try body(PartialFile(path: path, descriptor: file))
        if durability == .synchronized { try naming(target, .synchronizing) { try Posix.synchronize(file) } }
      } catch {
        try? file.close()
        throw error
      }
      try naming(target, .writing) { try file.close() }
      try naming(target, .renaming) { try Posix.rename(temporary, to: target) }
    } catch {
      try? Posix.unlink(temporary)
      throw error
    }
    if durability == .synchronized { try synchronize(folder: folder) }
  }

  static func synchronize(folder: FilePath) throws(FileError) {
    let folder = folder.isEmpty ? FilePath(".") : folder
    try naming(folder, .synchronizing) {
      let descriptor = try FileDescriptor.open(folder, .readOnly, options: [.directory, .closeOnExec])
      try descriptor.closeAfter { try Posix.synchronize(descriptor) }
    }
  }

  /// Removes what killed writers left in a folder, as far as it can be removed. Only for who holds the folder's lock: a writer at work
  /// would lose its file.
  public static func removeLeftovers(in folder: String) {
    for name in (try? Folder.names(in: folder)) ?? [] where isLeftover(name) { try? Folder.remove("\(folder)/\(name)") }
  }

  /// Whether a name is one of the temporary files of a writer, at work or killed.
  public static func isLeftover(_ name: String) -> Bool { name.hasPrefix(".") && name.hasSuffix(".partial") }

  private static let counter = Atomic<Int>(0)

  /// A name no one else has: process, then a count; another machine's process of the same number makes the count go on.
  static func temporaryName(for name: String) -> String {
    let stem = String(decoding: Array(name.utf8.prefix(180)), as: UTF8.self)
    return ".\(stem).\(Posix.processID)-\(counter.add(1, ordering: .relaxed).newValue).partial"
  }

  private static func open(beside name: String, in folder: FilePath) throws(FileError) -> (FileDescriptor, FilePath) {
    for _ in 0..<1000 {
      let path = folder.appending(temporaryName(for: name))
      do {
        let file = try FileDescriptor.open(
          path, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec],
          permissions: [.ownerReadWrite, .groupReadWrite, .otherReadWrite])
        return (file, path)
      } catch Errno.fileExists {
        continue
      } catch {
        throw FileError(folder.appending(name), .creating, error as? Errno ?? .ioError)
      }
    }
    throw FileError(path: folder.appending(name).string, operation: .creating, reason: .unusableName)
  }
}

/// A file being written under a temporary name.
public struct PartialFile: ~Copyable {
  let path: String
  let descriptor: FileDescriptor

  public func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    guard !bytes.isEmpty else { return }
    try naming(FilePath(path), .writing) { _ = try descriptor.writeAll(bytes) }
  }

  public func append(_ bytes: [UInt8]) throws(FileError) {
    try naming(FilePath(path), .writing) {
      try bytes.withUnsafeBytes { if !$0.isEmpty { _ = try descriptor.writeAll($0) } }
    }
  }
}
