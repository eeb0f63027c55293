import SystemPackage

/// Making, listing and removing folders.
public enum Folder {
  /// Creates the folder and those above it; one that exists already is fine.
  public static func create(_ path: String) throws(FileError) { try create(FilePath(path)) }

  static func create(_ path: FilePath) throws(FileError) {
    if let status = try? Posix.status(path), status.isFolder { return }
    let parent = path.removingLastComponent()
    if !parent.isEmpty, parent != path { try create(parent) }
    do {
      try Posix.makeFolder(path)
    } catch .fileExists {
      let status = try naming(path, .inspecting) { try Posix.status(path) }
      guard status.isFolder else { throw FileError(path, .creating, .fileExists) }
    } catch {
      throw FileError(path, .creating, error)
    }
  }

  public static func exists(_ path: String) -> Bool { (try? Posix.status(FilePath(path)))?.isFolder ?? false }

  /// Names of the entries, in byte order, without `.` and `..`.
  public static func names(in path: String) throws(FileError) -> [String] {
    let folder = FilePath(path)
    return try naming(folder, .listing) { try Posix.names(in: folder) }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Regular files anywhere below `path`, as paths relative to it in byte order. Hidden names and symbolic links to folders
  /// are left out, so that nothing outside is reached and no circle is walked.
  public static func filesRecursively(below path: String) throws(FileError) -> [String] {
    var files: [String] = []
    try collect(FilePath(path), prefix: "", into: &files)
    return files.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private static func collect(_ folder: FilePath, prefix: String, into files: inout [String]) throws(FileError) {
    for name in try names(in: folder.string) where !name.hasPrefix(".") {
      let path = folder.appending(name)
      guard let status = try? Posix.status(path, following: false) else { continue }
      if status.isFolder {
        try collect(path, prefix: prefix + name + "/", into: &files)
      } else if (try? Posix.status(path))?.isRegular ?? false {
        files.append(prefix + name)
      }
    }
  }

  /// Removes the folder and everything in it; symbolic links are removed, not followed. A missing folder is fine.
  public static func remove(_ path: String) throws(FileError) {
    let folder = FilePath(path)
    let status: Bool
    do {
      status = try Posix.status(folder, following: false).isFolder
    } catch .noSuchFileOrDirectory {
      return
    } catch {
      throw FileError(folder, .removing, error)
    }
    guard status else {
      try naming(folder, .removing) { try Posix.unlink(folder) }
      return
    }
    for name in try names(in: path) { try remove(folder.appending(name).string) }
    try naming(folder, .removing) { try Posix.removeEmptyFolder(folder) }
  }

  /// The absolute path without symbolic links, `.` or `..`.
  public static func resolved(_ path: String) throws(FileError) -> String {
    let filePath = FilePath(path)
    return try naming(filePath, .opening) { try Posix.resolved(filePath) }.string
  }
}

/// What a path names, without following a symbolic link.
public enum EntryKind: Hashable, Sendable {
  case missing, regular, link
  /// A folder, FIFO, socket or device, named.
  case other(String)

  public init(at path: String) {
    guard let status = try? Posix.status(FilePath(path), following: false) else {
      self = .missing
      return
    }
    self = status.isRegular ? .regular : status.isLink ? .link : .other(status.kind)
  }
}
