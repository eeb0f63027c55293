import Experiments
import Files
import Foundation

/// `plan.json`: the words an evaluation was planned with and where they were said, so that its folds can be run by them elsewhere.
struct EvaluationPlanFile: Codable {
  static let name = "plan.json"
  static let formatVersion = 1

  var format = EvaluationPlanFile.formatVersion
  var directory: String
  var arguments: [String]

  /// What followed `scanadapt evaluate`, less the step's name and what only planning takes.
  static func words(of commandLine: [String]) -> [String] {
    var words = Array(commandLine.dropFirst(2))
    if let first = words.first, ["all", "plan"].contains(first) { words.removeFirst() }
    return words.filter { $0 != "--slurm" }
  }

  /// The last to plan decides what is applied after the folds, as in config.yaml; what folds depend on is bound by the run's identity.
  static func write(_ words: [String], to folder: RunFolder) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let plan = EvaluationPlanFile(directory: FileManager.default.currentDirectoryPath, arguments: words)
    try folder.write(String(decoding: try encoder.encode(plan), as: UTF8.self) + "\n", named: name)
  }

  static func read(from folder: RunFolder) throws -> EvaluationPlanFile {
    let path = "\(folder.path)/\(name)"
    let bytes = try FileContents.read(path, limitBytes: 1 << 24)
    guard let plan = try? JSONDecoder().decode(EvaluationPlanFile.self, from: Data(bytes)) else {
      throw EvaluationPlanError.malformed(path)
    }
    guard plan.format <= formatVersion else {
      throw ExperimentError.newerFile(path: path, found: plan.format, supported: formatVersion)
    }
    return plan
  }
}

/// Why a plan can't be carried out here.
enum EvaluationPlanError: Error, CustomStringConvertible {
  case malformed(String)
  case directoryMissing(String, folder: String)

  var description: String {
    switch self {
    case .malformed(let path): "\(path): not readable as a plan; expected one of 'scanadapt evaluate plan'"
    case .directoryMissing(let directory, let folder):
      "\(folder): was planned in '\(directory)', which isn't here; the plan's paths are relative to it"
    }
  }
}
