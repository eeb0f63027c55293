// The POSIX calls swift-system doesn't wrap, each turning -1 into `Errno`.

import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

enum Posix {
  static func check(_ result: Int32) throws(Errno) {
    if result != 0 { throw Errno(rawValue: errno) }
  }

  static func synchronize(_ file: FileDescriptor) throws(Errno) {
    while fsync(file.rawValue) != 0 {
      if errno == EINTR { continue }
      // Some file systems cannot synchronize a folder and say EINVAL; there is nothing more to do on them.
      if errno == EINVAL { return }
      throw Errno(rawValue: errno)
    }
  }

  static func rename(_ source: FilePath, to target: FilePath) throws(Errno) {
    let result = source.withPlatformString { from in
      #if canImport(Glibc)
        target.withPlatformString { Glibc.rename(from, $0) }
      #elseif canImport(Musl)
        target.withPlatformString { Musl.rename(from, $0) }
      #else
        target.withPlatformString { Darwin.rename(from, $0) }
      #endif
    }
    try check(result)
  }

  /// Swaps two existing paths in one step; false where the system or file system cannot.
  static func exchange(_ first: FilePath, _ second: FilePath) throws(Errno) -> Bool {
    // glibc has renameat2 since 2.28, but Swift's module map doesn't show it.
    typealias RenameAt2 = @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32
    guard let symbol = dlsym(nil, "renameat2") else { return false }
    let renameAt2 = unsafeBitCast(symbol, to: RenameAt2.self)
    let exchanging: UInt32 = 1 << 1  // RENAME_EXCHANGE
    let result = first.withPlatformString { a in
      second.withPlatformString { b in renameAt2(AT_FDCWD, a, AT_FDCWD, b, exchanging) }
    }
    if result == 0 { return true }
    if [EINVAL, ENOSYS, ENOTSUP].contains(errno) { return false }
    throw Errno(rawValue: errno)
  }

  static func makeFolder(_ path: FilePath) throws(Errno) {
    try check(path.withPlatformString { mkdir($0, 0o777) })
  }

  static func unlink(_ path: FilePath) throws(Errno) {
    #if canImport(Glibc)
      try check(path.withPlatformString { Glibc.unlink($0) })
    #elseif canImport(Musl)
      try check(path.withPlatformString { Musl.unlink($0) })
    #else
      try check(path.withPlatformString { Darwin.unlink($0) })
    #endif
  }

  static func removeEmptyFolder(_ path: FilePath) throws(Errno) {
    try check(path.withPlatformString { rmdir($0) })
  }

  static func status(_ file: FileDescriptor) throws(Errno) -> stat {
    var status = stat()
    try check(fstat(file.rawValue, &status))
    return status
  }

  /// - Parameter following: whether a symbolic link is followed.
  static func status(_ path: FilePath, following: Bool = true) throws(Errno) -> stat {
    var status = stat()
    try check(path.withPlatformString { following ? stat($0, &status) : lstat($0, &status) })
    return status
  }

  /// True if the lock is now held, false if another holds it.
  static func tryExclusiveLock(_ file: FileDescriptor) throws(Errno) -> Bool {
    while flock(file.rawValue, LOCK_EX | LOCK_NB) != 0 {
      if errno == EINTR { continue }
      if errno == EWOULDBLOCK { return false }
      throw Errno(rawValue: errno)
    }
    return true
  }

  static func truncate(_ file: FileDescriptor) throws(Errno) { try check(ftruncate(file.rawValue, 0)) }

  static var processID: Int32 { getpid() }

  static var hostName: String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard gethostname(&buffer, buffer.count - 1) == 0 else { return "unknown host" }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The absolute path without symbolic links, `.` or `..`.
  static func resolved(_ path: FilePath) throws(Errno) -> FilePath {
    guard let buffer = path.withPlatformString({ realpath($0, nil) }) else { throw Errno(rawValue: errno) }
    defer { free(buffer) }
    return FilePath(platformString: buffer)
  }

  static func names(in folder: FilePath) throws(Errno) -> [String] {
    guard let stream = folder.withPlatformString({ opendir($0) }) else { throw Errno(rawValue: errno) }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  static func setTimes(_ path: FilePath) throws(Errno) {
    try check(path.withPlatformString { utimensat(AT_FDCWD, $0, nil, 0) })
  }
}

extension stat {
  var kind: String {
    switch st_mode & S_IFMT {
    case S_IFREG: "a regular file"
    case S_IFDIR: "a folder"
    case S_IFIFO: "a FIFO"
    case S_IFSOCK: "a socket"
    case S_IFLNK: "a symbolic link"
    default: "a device"
    }
  }

  var isRegular: Bool { st_mode & S_IFMT == S_IFREG }
  var isLink: Bool { st_mode & S_IFMT == S_IFLNK }
  var isFolder: Bool { st_mode & S_IFMT == S_IFDIR }

  var modifiedNanoseconds: Int64 {
    #if os(Linux)
      nanoseconds(st_mtim)
    #else
      nanoseconds(st_mtimespec)
    #endif
  }

  var changedNanoseconds: Int64 {
    #if os(Linux)
      nanoseconds(st_ctim)
    #else
      nanoseconds(st_ctimespec)
    #endif
  }

  private func nanoseconds(_ time: timespec) -> Int64 { Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec) }
}
