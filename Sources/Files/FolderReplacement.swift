import SystemPackage

/// Putting a whole folder, or several files, in the place of what was there: readers see the old or the new.
public enum FolderReplacement {
  /// Fills a fresh folder beside `path`, then puts it in its place in one step (`renameat2` with exchange; where the file system
  /// has no exchange, two renames). If `fill` throws, the old folder stays and the new one is removed.
  public static func replace<Failure: Error>(
    _ path: String, fill: (_ staging: String) throws(Failure) -> Void
  ) throws {
    let target = FilePath(path)
    guard let name = target.lastComponent, name.kind == .regular else {
      throw FileError(path: path, operation: .creating, reason: .unusableName)
    }
    let parent = target.removingLastComponent()
    if !parent.isEmpty { try Folder.create(parent) }
    let staging = parent.appending(AtomicFile.temporaryName(for: name.string))
    try naming(target, .creating) { try Posix.makeFolder(staging) }
    do {
      try fill(staging.string)
      try AtomicFile.synchronize(folder: staging)
      try swap(staging, into: target)
    } catch {
      try? Folder.remove(staging.string)
      throw error
    }
    try AtomicFile.synchronize(folder: parent)
    // After an exchange the old folder bears the temporary name.
    try Folder.remove(staging.string)
  }

  private static func swap(_ staging: FilePath, into target: FilePath) throws(FileError) {
    guard (try? Posix.status(target, following: false)) != nil else {
      try naming(target, .renaming) { try Posix.rename(staging, to: target) }
      return
    }
    if try naming(target, .renaming, { try Posix.exchange(staging, target) }) { return }
    let old = target.removingLastComponent().appending(AtomicFile.temporaryName(for: target.lastComponent?.string ?? "old"))
    try naming(target, .renaming) { try Posix.rename(target, to: old) }
    do throws(FileError) {
      try naming(target, .renaming) { try Posix.rename(staging, to: target) }
    } catch {
      try? Posix.rename(old, to: target)
      throw error
    }
    try Folder.remove(old.string)
  }

  /// Writes several files of one folder so that a failure while writing changes none of them: all are written and synchronized
  /// under temporary names, then renamed in the order given. The last one should be the file that makes the others count.
  public static func replaceFiles(in folder: String, _ files: [(name: String, bytes: [UInt8])]) throws(FileError) {
    let parent = FilePath(folder)
    var written: [(temporary: FilePath, target: FilePath)] = []
    do throws(FileError) {
      for (name, bytes) in files {
        guard let component = FilePath.Component(name), component.kind == .regular else {
          throw FileError(path: parent.appending(name).string, operation: .creating, reason: .unusableName)
        }
        let temporary = parent.appending(AtomicFile.temporaryName(for: name))
        try AtomicFile.write(bytes, to: temporary.string)
        written.append((temporary, parent.appending(component)))
      }
      for pair in written { try naming(pair.target, .renaming) { try Posix.rename(pair.temporary, to: pair.target) } }
    } catch {
      for pair in written { try? Posix.unlink(pair.temporary) }
      throw error
    }
    try AtomicFile.synchronize(folder: parent)
  }
}
