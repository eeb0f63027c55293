import SystemPackage

/// When files were last used, for caches that forget what wasn't.
public enum FileUse {
  /// Sets the file's times to now.
  public static func touch(_ path: String) throws(FileError) {
    let filePath = FilePath(path)
    try naming(filePath, .writing) { try Posix.setTimes(filePath) }
  }

  public static func remove(_ path: String) throws(FileError) {
    let filePath = FilePath(path)
    try naming(filePath, .removing) { try Posix.unlink(filePath) }
  }
}
