import SystemPackage

/// What went wrong with a file or a folder: which path, while doing what, and why.
public struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was being done.
  public enum Operation: String, Hashable, Sendable {
    case opening = "open"
    case reading = "read"
    case inspecting = "inspect"
    case listing = "list"
    case creating = "create"
    case writing = "write"
    case synchronizing = "synchronize"
    case renaming = "rename"
    case removing = "remove"
    case locking = "lock"
  }

  public enum Reason: Hashable, Sendable {
    /// The system's `errno`.
    case system(Int32)
    /// A directory, FIFO, socket or device where a regular file is needed; the associated value names what was found.
    case notARegularFile(found: String)
    case largerThan(limitBytes: Int, foundBytes: Int)
    /// The file shrank or grew while it was read.
    case changedWhileReading
    /// No free name was left, or the name given isn't one.
    case unusableName
  }

  /// The exit code of sysexits that fits, as its name says.
  public enum Consequence: Int32, Sendable {
    case badData = 65
    case inputMissing = 66
    case cannotCreate = 73
    case inputOutput = 74
  }

  public let path: String
  public let operation: Operation
  public let reason: Reason

  public init(path: String, operation: Operation, reason: Reason) {
    self.path = path
    self.operation = operation
    self.reason = reason
  }

  init(_ path: FilePath, _ operation: Operation, _ errno: Errno) {
    self.init(path: path.string, operation: operation, reason: .system(errno.rawValue))
  }

  public var isMissing: Bool { reason == .system(Errno.noSuchFileOrDirectory.rawValue) }

  public var consequence: Consequence {
    switch reason {
    case .notARegularFile, .largerThan, .changedWhileReading: .badData
    case .unusableName: .cannotCreate
    case .system(let code):
      switch (operation, Errno(rawValue: code)) {
      case (.opening, .ioError), (.inspecting, .ioError), (.listing, .ioError): .inputOutput
      case (.opening, _), (.inspecting, _), (.listing, _): .inputMissing
      case (.reading, _): .inputOutput
      case (_, .ioError), (_, .noSpace), (_, .diskQuotaExceeded): .inputOutput
      default: .cannotCreate
      }
    }
  }

  public var description: String {
    switch reason {
    case .system(let code): "\(path): cannot \(operation.rawValue): \(Errno(rawValue: code))"
    case .notARegularFile(let found): "\(path): found \(found); expected a regular file"
    case .largerThan(let limit, let found): "\(path): found \(found) bytes; expected at most \(limit)"
    case .changedWhileReading: "\(path): changed while it was read"
    case .unusableName: "\(path): cannot \(operation.rawValue): not a usable name"
    }
  }
}

/// Runs `body` and turns the system's error into a `FileError` that says where and what for.
func naming<Result>(
  _ path: FilePath, _ operation: FileError.Operation, _ body: () throws -> Result
) throws(FileError) -> Result {
  do {
    return try body()
  } catch let errno as Errno {
    throw FileError(path, operation, errno)
  } catch {
    throw FileError(path, operation, .ioError)
  }
}
