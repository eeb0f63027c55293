#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Reads a whole regular file. A FIFO, device or directory of that name is refused without waiting on it.
enum RegularFile {
  static func bytes(of path: String, limit: Int) throws(PNGError) -> [UInt8] {
    // Without O_NONBLOCK, opening a FIFO would wait for its writer.
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw PNGError(file: path, reason: errno == ENOENT ? .missing : .unreadable(systemError: String(cString: strerror(errno))))
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure(path) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw PNGError(file: path, reason: .notAFile(kind: kind(of: status.st_mode))) }
    let size = Int(status.st_size)
    guard size <= limit else { throw PNGError(file: path, reason: .fileTooLarge(bytes: size, limit: limit)) }
    guard size > 0 else { throw PNGError(file: path, reason: .empty) }

    var failed = false
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size {
        let read = read(descriptor, buffer.baseAddress! + count, size - count)
        if read < 0 && errno == EINTR { continue }
        if read < 0 { failed = true }
        if read <= 0 { break }
        count += read
      }
    }
    if failed { throw failure(path) }
    return bytes
  }

  private static func failure(_ path: String) -> PNGError {
    PNGError(file: path, reason: .unreadable(systemError: String(cString: strerror(errno))))
  }

  private static func kind(of mode: mode_t) -> String {
    switch mode & S_IFMT {
    case S_IFDIR: "directory"
    case S_IFIFO: "FIFO"
    case S_IFSOCK: "socket"
    case S_IFCHR, S_IFBLK: "device"
    default: "special file"
    }
  }
}
