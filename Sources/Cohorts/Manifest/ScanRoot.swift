import Files

/// The folder scans may lie in. A path that leads out of it, by `..`, as an absolute path or through a symbolic link, is refused.
struct ScanRoot {
  enum Problem: Error {
    case leavesRoot
    case missing
    case notAFile(found: String)
  }

  /// As the user wrote it, for messages.
  let path: String
  /// Without symbolic links.
  let resolved: String
  private var resolvedFolders: [String: String?] = [:]

  init(_ path: String) throws(FileError) {
    self.path = path
    resolved = try Folder.resolved(path)
  }

  /// The path relative to the root in its plain form: no `.`, no doubled slashes, no `..`.
  func relative(_ written: String) throws(Problem) -> String {
    var text = Substring(written)
    if text.hasPrefix("/") {
      guard let base = [resolved, path].first(where: { $0.hasPrefix("/") && text.hasPrefix($0 == "/" ? $0 : $0 + "/") }) else {
        throw .leavesRoot
      }
      text = text.dropFirst(base.count)
    }
    var parts: [Substring] = []
    for part in text.split(separator: "/") where part != "." {
      if part == ".." {
        if parts.popLast() == nil { throw .leavesRoot }
      } else {
        parts.append(part)
      }
    }
    guard !parts.isEmpty else { throw .leavesRoot }
    return parts.joined(separator: "/")
  }

  /// Where the file really lies. Folders are resolved once, files only if they are links.
  mutating func locate(_ relative: String) throws(Problem) -> String {
    let full = resolved == "/" ? "/" + relative : resolved + "/" + relative
    guard let slash = full.lastIndex(of: "/") else { throw .leavesRoot }
    let folder = String(full[..<slash])
    let realFolder: String?
    if let known = resolvedFolders[folder] {
      realFolder = known
    } else {
      realFolder = try? Folder.resolved(folder.isEmpty ? "/" : folder)
      resolvedFolders[folder] = .some(realFolder)
    }
    guard let realFolder else { throw .missing }
    var real = realFolder + full[slash...]
    var kind = EntryKind(at: real)
    if kind == .link, let target = try? Folder.resolved(real) {
      real = target
      kind = EntryKind(at: real)
    }
    guard resolved == "/" || real.hasPrefix(resolved + "/") else { throw .leavesRoot }
    switch kind {
    case .missing, .link: throw .missing
    case .other(let found): throw .notAFile(found: found)
    case .regular: break
    }
    return real
  }
}
