import Files
import Foundation

/// What a batch remembers of a folder between runs: `state/<folder>.json`. The next run does nothing where nothing changed.
struct FolderState: Codable {
  static let format = 2

  var format = FolderState.format
  /// Of the scans, the model, the strategy, the gate: everything that decides the outcome.
  var job: ContentHash
  /// The artefact's path within the output, and its bytes' hash; nil where nothing was written.
  var file: String?
  var fileHash: ContentHash?
  var outcome: FolderOutcome

  func encoded() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
  }

  /// The state in a file; nil where there is none that this version understands. The work is then done again.
  static func read(_ path: String) -> FolderState? {
    guard let bytes = try? FileContents.read(path, limitBytes: 64 << 20) else { return nil }
    guard let state = try? JSONDecoder().decode(FolderState.self, from: Data(bytes)), state.format == format else { return nil }
    return state
  }

  /// Whether what this state says was written is still there, with the same bytes.
  func isIntact(in output: String) -> Bool {
    guard let file else { return true }
    return (try? ContentHash(ofFileAt: "\(output)/\(file)")) == fileHash
  }
}
