import SystemPackage

/// A file without a name, for values that don't fit in memory: written in pieces, read anywhere, gone with its owner or the process.
public final class ScratchFile: Sendable {
  private let descriptor: FileDescriptor
  /// Where it was made, for messages.
  private let place: FilePath

  /// - Parameter folder: on the file system that has room for it.
  public init(in folder: String) throws(FileError) {
    place = FilePath(folder).appending("scratch")
    let path = FilePath(folder).appending(AtomicFile.temporaryName(for: "scratch"))
    do {
      descriptor = try FileDescriptor.open(
        path, .readWrite, options: [.create, .exclusiveCreate, .closeOnExec], permissions: .ownerReadWrite)
    } catch {
      throw FileError(place, .creating, error as? Errno ?? .ioError)
    }
    try naming(place, .creating) { try Posix.unlink(path) }
  }

  deinit { try? descriptor.close() }

  public func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
    try naming(place, .writing) { _ = try descriptor.writeAll(toAbsoluteOffset: Int64(offset), bytes) }
  }

  /// Fills `buffer`.
  public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) {
    try naming(place, .reading) {
      var done = 0
      while done < buffer.count {
        let count = try descriptor.read(
          fromAbsoluteOffset: Int64(offset + done), into: UnsafeMutableRawBufferPointer(rebasing: buffer[done...]))
        guard count > 0 else { throw Errno.ioError }
        done += count
      }
    }
  }
}
