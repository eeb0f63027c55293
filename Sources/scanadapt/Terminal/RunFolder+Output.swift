import Experiments
import Files
import Foundation

extension RunFolder {
  /// Runs `body` with the folder that `--out` names, locked: made now, or begun by the same command before and taken up.
  ///
  /// A run that fails before it has anything worth keeping leaves no folder behind.
  static func withFolder<Result>(
    at output: String, describedBy description: @autoclosure () throws -> RunDescription, _ body: (RunFolder) throws -> Result
  ) throws -> Result {
    let isNew = !Folder.exists(output)
    let folder = isNew ? try created(output, try description()) : try RunFolder.open(output).folder
    do {
      return try withFileLock("\(folder.path)/.lock", since: Date.now.ISO8601Format()) { try body(folder) }
    } catch {
      if isNew, folder.holdsNothing { try? Folder.remove(folder.path) }
      throw error
    }
  }

  private static func created(_ output: String, _ description: RunDescription) throws -> RunFolder {
    let parts = output.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    let parent = parts.dropLast().joined(separator: "/")
    return try RunFolder.create(in: parts.count == 1 ? "." : parent.isEmpty ? "/" : parent, named: parts.last ?? output, run: description)
  }

  /// No finished fold, no checkpoint, no result: only what says how it began.
  private var holdsNothing: Bool {
    let files = (try? Folder.filesRecursively(below: path)) ?? []
    return files.allSatisfy { ["run.json", "config.yaml", ".lock"].contains($0) }
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
