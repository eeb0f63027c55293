import Experiments
import Files

extension RunFolder {
  /// The folder that `--out` names: made now, or begun by the same command before and taken up.
  static func openOrCreate(_ output: String, describedBy description: @autoclosure () throws -> RunDescription) throws -> RunFolder {
    if Folder.exists(output) { return try RunFolder.open(output).folder }
    let parts = output.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    let parent = parts.dropLast().joined(separator: "/")
    return try RunFolder.create(
      in: parts.count == 1 ? "." : parent.isEmpty ? "/" : parent, named: parts.last ?? output, run: try description())
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
