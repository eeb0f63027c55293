import SystemPackage

/// Reading a whole regular file, never more than a stated number of bytes, and never waiting on a FIFO or device.
public enum FileContents {
  public static func read(_ path: String, limitBytes: Int = .max) throws(FileError) -> [UInt8] {
    let (bytes, _) = try readWithStamp(path, limitBytes: limitBytes)
    return bytes
  }

  /// The bytes together with the stamp of the very file they came from.
  public static func readWithStamp(_ path: String, limitBytes: Int = .max) throws(FileError) -> ([UInt8], FileStamp) {
    let filePath = FilePath(path)
    let file = try openRegular(filePath)
    defer { try? file.close() }
    let status = try naming(filePath, .inspecting) { try Posix.status(file) }
    let size = Int(status.st_size)
    guard size <= limitBytes else {
      throw FileError(path: path, operation: .reading, reason: .largerThan(limitBytes: limitBytes, foundBytes: size))
    }
    let bytes = try naming(filePath, .reading) {
      try [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
        while count < size {
          let got = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[count...]))
          if got == 0 { break }
          count += got
        }
      }
    }
    guard bytes.count == size else { throw FileError(path: path, operation: .reading, reason: .changedWhileReading) }
    return (bytes, FileStamp(status))
  }

  /// Opens without blocking, then makes sure that it is a regular file.
  static func openRegular(_ path: FilePath) throws(FileError) -> FileDescriptor {
    let file = try naming(path, .opening) {
      try FileDescriptor.open(path, .readOnly, options: [.nonBlocking, .closeOnExec])
    }
    do throws(FileError) {
      let status = try naming(path, .inspecting) { try Posix.status(file) }
      guard status.isRegular else {
        throw FileError(path: path.string, operation: .opening, reason: .notARegularFile(found: status.kind))
      }
      return file
    } catch {
      try? file.close()
      throw error
    }
  }
}

/// What tells, without reading it, that a file is unchanged: size, inode, the time of the last change of its content, and that of its
/// attributes (which no program can set back).
public struct FileStamp: Hashable, Sendable {
  public let size: Int64
  public let inode: UInt64
  public let modifiedNanoseconds: Int64
  public let changedNanoseconds: Int64

  public init(size: Int64, inode: UInt64, modifiedNanoseconds: Int64, changedNanoseconds: Int64) {
    self.size = size
    self.inode = inode
    self.modifiedNanoseconds = modifiedNanoseconds
    self.changedNanoseconds = changedNanoseconds
  }

  public init(ofFileAt path: String) throws(FileError) {
    let filePath = FilePath(path)
    let status = try naming(filePath, .inspecting) { try Posix.status(filePath) }
    guard status.isRegular else { throw FileError(path: path, operation: .inspecting, reason: .notARegularFile(found: status.kind)) }
    self.init(status)
  }
}
