import Foundation
import Testing

/// The repository's phantom scans, and a small network trained on them by the command itself.
enum PhantomSource {
  static let scans = CommandRun.root.appending(path: "Fixtures/phantom").path

  /// Trains it and gives its file's path in the folder.
  static func train(in folder: URL, epochs: Int = 1) throws -> String {
    requireStatus(
      0,
      try CommandRun(
        [
          "adapt", "--from-scratch", "small_cnn", "--labels", "benign,lesion", "--preprocess", "unit crop=48", "--scans", scans,
          "--strategy", "full", "--epochs", "\(epochs)", "--out", "source", "--quiet",
        ], in: folder))
    return "source/model.safetensors"
  }

  /// Writes the manifest without its labels, and gives its path in the folder.
  static func unlabelledManifest(in folder: URL) throws -> String {
    let labelled = try String(contentsOfFile: scans + "/manifest.csv", encoding: .utf8)
    let rows = labelled.split(separator: "\n").map { $0.split(separator: ",").prefix(3).joined(separator: ",") }
    try (rows.joined(separator: "\n") + "\n").write(to: folder.appending(path: "scans.csv"), atomically: true, encoding: .utf8)
    return "scans.csv"
  }
}
