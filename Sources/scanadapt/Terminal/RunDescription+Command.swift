import Adaptation
import Cohorts
import Engine
import Experiments
import Files
import Foundation

extension RunDescription {
  /// What this process was told to do and on what, for `run.json`.
  /// - Parameter inputs: role and path of each file read; those without a path are left out.
  static func ofThisCommand(
    seed: UInt64, inputs: [(role: String, path: String?)], labelMappings: [LabelMapping] = [], _ pseudonyms: Pseudonyms
  ) throws(FileError) -> RunDescription {
    var found: [Input] = []
    for (role, path) in inputs {
      guard let path else { continue }
      found.append(Input(role: role, path: path, sha256: try sha256Hex(ofFileAt: path)))
    }
    return RunDescription(
      command: ["scanadapt"] + CommandLine.arguments.dropFirst(), version: ProgramVersion.current,
      instructionSet: InstructionSet.name,
      seed: seed, inputs: found, labelMappings: labelMappings, pseudonymKeyID: pseudonyms.keyID, began: Date.now.ISO8601Format())
  }
}

extension ScanOptions {
  /// The manifest files behind the sources; a folder of images has none.
  var manifests: [String] {
    sources.flatMap { source -> [String] in
      guard Folder.exists(source) else { return [source] }
      return Folder.holds("manifest.csv", in: source) ? ["\(source)/manifest.csv"] : []
    }
  }
}

extension Folder {
  /// Whether a folder has an entry of this name.
  static func holds(_ name: String, in folder: String) -> Bool { (try? names(in: folder).contains(name)) ?? false }
}
