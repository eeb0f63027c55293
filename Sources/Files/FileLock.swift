import SystemPackage

/// Who holds a lock.
public struct LockHolder: Hashable, Sendable, CustomStringConvertible {
  public let process: Int32
  public let host: String
  /// When the lock was taken, as its taker wrote it.
  public let since: String

  public var description: String { "process \(process) on \(host) since \(since)" }

  var text: String { "process=\(process)\nhost=\(host)\nsince=\(since)\n" }

  init(process: Int32, host: String, since: String) {
    self.process = process
    self.host = host
    self.since = since.replacing("\n", with: " ")
  }

  init?(text: String) {
    var fields: [Substring: Substring] = [:]
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { fields[parts[0]] = parts[1] }
    }
    guard let process = fields["process"].flatMap({ Int32($0) }), let host = fields["host"], let since = fields["since"] else { return nil }
    self.init(process: process, host: String(host), since: String(since))
  }
}

/// Why a lock couldn't be taken.
public enum FileLockError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Another process holds it; nil if it hasn't written its name yet.
  case held(path: String, by: LockHolder?)
  case file(FileError)

  public var description: String {
    switch self {
    case .held(let path, let holder?): "\(path): locked by \(holder)"
    case .held(let path, nil): "\(path): locked by another process"
    case .file(let error): error.description
    }
  }
}

/// An exclusive lock on a path, held until the end of this value's life; the system frees it when the process dies.
///
/// The lock is the system's (`flock`); the file's text names the holder. The file stays: removing it would let two holders in.
public final class FileLock: Sendable {
  public let path: String
  private let descriptor: FileDescriptor

  /// Takes the lock or throws at once.
  /// - Parameter since: the time written for others to read; rooms have no clock of their own.
  public init(_ path: String, since: String) throws(FileLockError) {
    self.path = path
    let filePath = FilePath(path)
    do throws(FileError) {
      descriptor = try naming(filePath, .locking) {
        try FileDescriptor.open(
          filePath, .readWrite, options: [.create, .closeOnExec, .noFollow],
          permissions: [.ownerReadWrite, .groupReadWrite, .otherReadWrite])
      }
    } catch {
      throw .file(error)
    }
    do {
      guard try Posix.tryExclusiveLock(descriptor) else {
        var holder: LockHolder?
        if let bytes = try? FileContents.read(path, limitBytes: 4096) { holder = LockHolder(text: String(decoding: bytes, as: UTF8.self)) }
        throw FileLockError.held(path: path, by: holder)
      }
      try Posix.truncate(descriptor)
      let holder = LockHolder(process: Posix.processID, host: Posix.hostName, since: since)
      _ = try descriptor.writeAll(toAbsoluteOffset: 0, Array(holder.text.utf8))
    } catch let error as FileLockError {
      try? descriptor.close()
      throw error
    } catch {
      try? descriptor.close()
      throw .file(FileError(filePath, .locking, error as? Errno ?? .ioError))
    }
  }

  deinit {
    try? Posix.truncate(descriptor)
    try? descriptor.close()
  }
}

/// Runs `body` while holding the lock on `path`.
public func withFileLock<Result>(_ path: String, since: String, _ body: () throws -> Result) throws -> Result {
  let lock = try FileLock(path, since: since)
  return try withExtendedLifetime(lock, body)
}
