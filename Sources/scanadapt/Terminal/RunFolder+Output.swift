import Experiments
import Files
import Foundation

extension RunFolder {
  /// Runs `body` with the folder that `--out` names, locked: made now, found empty, or begun by the same command before and taken up.
  ///
  /// A run that fails before it has anything worth keeping leaves nothing behind.
  static func withFolder<Result>(
    at output: String, describedBy description: @autoclosure () throws -> RunDescription, _ body: (RunFolder) throws -> Result
  ) throws -> Result {
    let path = output.withoutTrailingSlashes
    let existed = Folder.exists(path)
    // Who was killed before the first file was whole left no run.
    let isNew = try !existed || Folder.names(in: path).allSatisfy { $0 == ".lock" || AtomicFile.isLeftover($0) }
    let folder =
      if existed {
        isNew ? try RunFolder.begin(inEmpty: path, run: try description()) : try RunFolder.open(path).folder
      } else {
        try created(path, try description())
      }
    do {
      return try withFileLock("\(folder.path)/.lock", since: Date.now.ISO8601Format()) {
        for place in [folder.path, "\(folder.path)/checkpoints"] { AtomicFile.removeLeftovers(in: place) }
        return try body(folder)
      }
    } catch {
      if isNew, folder.holdsNothing { folder.discard(keepingFolder: existed) }
      throw error
    }
  }

  /// Runs `body` while nobody else plans or gathers in the folder.
  static func withOpened<Result>(_ folder: RunFolder, _ body: () throws -> Result) throws -> Result {
    try withFileLock("\(folder.path)/.lock", since: Date.now.ISO8601Format()) { try body() }
  }

  private static func created(_ path: String, _ description: RunDescription) throws -> RunFolder {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    let parent = parts.dropLast().joined(separator: "/")
    return try RunFolder.create(in: parts.count == 1 ? "." : parent.isEmpty ? "/" : parent, named: parts.last ?? path, run: description)
  }

  /// No finished fold, no checkpoint, no result: only what says how it began. A folder that can't be listed may hold anything.
  private var holdsNothing: Bool {
    guard let files = try? Folder.filesRecursively(below: path) else { return false }
    let beginnings = [
      "run.json", "config.yaml", "plan.json", "costs.json", "folds.csv", "slurm.sh", "folds/run.json", "folds/pseudonym.key",
    ]
    return files.allSatisfy { beginnings.contains($0) }
  }

  private func discard(keepingFolder: Bool) {
    guard keepingFolder else {
      try? Folder.remove(path)
      return
    }
    for name in (try? Folder.names(in: path)) ?? [] { try? Folder.remove("\(path)/\(name)") }
  }
}

extension String {
  /// A folder's path as its name ends; the root stays.
  var withoutTrailingSlashes: String {
    var path = self[...]
    while path.count > 1, path.last == "/" { path.removeLast() }
    return String(path)
  }
}

/// A run folder that can't be written to again.
enum RunFolderError: Error, CustomStringConvertible {
  case finished(folder: String)

  var description: String {
    switch self {
    case .finished(let folder): "\(folder): found a finished run; expected a new folder, or one of a stopped run"
    }
  }
}
