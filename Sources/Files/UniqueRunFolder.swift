import SystemPackage

/// A folder that did not exist before this call: making it is one system call, so two runs never share one.
public enum UniqueRunFolder {
  /// Creates `name` in `parent`, or `name-2`, `name-3`, … if that is taken, and the folders above it.
  /// - Returns: the path of the new, empty folder.
  public static func create(in parent: String, named name: String) throws(FileError) -> String {
    let folder = FilePath(parent)
    guard let component = FilePath.Component(name), component.kind == .regular else {
      throw FileError(path: folder.appending(name).string, operation: .creating, reason: .unusableName)
    }
    try Folder.create(folder)
    for number in 1...1_000_000 {
      let path = folder.appending(number == 1 ? name : "\(name)-\(number)")
      do {
        try Posix.makeFolder(path)
        return path.string
      } catch .fileExists {
        continue
      } catch {
        throw FileError(path, .creating, error)
      }
    }
    throw FileError(path: folder.appending(name).string, operation: .creating, reason: .unusableName)
  }
}
