import Cohorts
import Evaluation
import Files
import Foundation

/// The folder one run leaves behind, and takes up again when resumed. Every file is whole or absent, and has a format number; a newer one
/// is refused.
///
/// `run.json` (inputs, hashes, versions, seed), `folds/` (whose they are, finished folds, patients in the clear), `checkpoints/`, `evaluation.json`,
/// `metrics.csv`, `strategies.csv`, `folds.csv`, `predictions.csv`, `ledger.csv`, and what the command adds (`config.yaml`, `report.html`).
public struct RunFolder: Hashable, Sendable {
  public let path: String

  /// A folder that did not exist before.
  public static func create(in parent: String, named name: String, run: RunDescription) throws -> RunFolder {
    let folder = RunFolder(path: try UniqueRunFolder.create(in: parent, named: name))
    try folder.write(json: run, to: "run.json")
    return folder
  }

  /// A folder that is there and empty.
  public static func begin(inEmpty path: String, run: RunDescription) throws -> RunFolder {
    let folder = RunFolder(path: path)
    try folder.write(json: run, to: "run.json")
    return folder
  }

  /// A folder that a run was begun in.
  /// - Throws: `FileError` where there is no `run.json`, `ExperimentError` where it is newer or malformed.
  public static func open(_ path: String) throws -> (folder: RunFolder, run: RunDescription) {
    let folder = RunFolder(path: path)
    return (folder, try folder.read(RunDescription.self, from: "run.json", supported: RunDescription.formatVersion))
  }

  private init(path: String) { self.path = path }

  /// Writes a text file beside the others, such as `config.yaml` or `report.html`.
  public func write(_ text: String, named name: String) throws(FileError) { try AtomicFile.write(text, to: "\(path)/\(name)") }

  /// The result of a finished run.
  public func result() throws -> EvaluationResult {
    try read(EvaluationResult.self, from: "evaluation.json", supported: EvaluationResult.formatVersion)
  }

  private struct Binding: Codable {
    var format = FoldRecord.formatVersion
    var configuration: String
  }

  /// Makes the folder one run's: the first to come writes its hash, any other is refused before it leaves anything.
  /// - Throws: `ExperimentError.otherRun`, `.newerFile`.
  func bind(to configuration: String) throws {
    do {
      let found = try read(Binding.self, from: "folds/run.json", supported: FoldRecord.formatVersion)
      guard found.configuration == configuration else { throw ExperimentError.otherRun(folder: path) }
    } catch let error as FileError where error.isMissing {
      try Folder.create("\(path)/folds")
      try write(json: Binding(configuration: configuration), to: "folds/run.json")
    }
  }

  func checkpoints() throws(FileError) -> String {
    try Folder.create("\(path)/checkpoints")
    return "\(path)/checkpoints"
  }

  /// What a fold left here, of this run; nil where it wasn't begun.
  /// - Throws: `ExperimentError.otherRun`, `.newerFile`, `.malformedFile`.
  func foldAnswers<Answer>(_ fold: FoldName, of configuration: String) throws -> FoldAnswers<Answer>? {
    do {
      let record = try read(
        FoldAnswers<Answer>.self, from: Self.fileName(of: fold), supported: FoldAnswers<Answer>.formatVersion)
      guard record.configuration == configuration, record.fold == fold else { throw ExperimentError.otherRun(folder: path) }
      return record
    } catch let error as FileError where error.isMissing {
      return nil
    }
  }

  func write<Answer>(_ record: FoldAnswers<Answer>) throws {
    try Folder.create("\(path)/folds")
    try write(json: record, to: Self.fileName(of: record.fold))
  }

  func write(
    _ result: EvaluationResult, records: [FoldRecord], classes: [String], ledger: Ledger, identifiers: Identifiers, pseudonyms: Pseudonyms
  ) throws {
    try write(PredictionsTable(records: records, classes: classes, identifiers: identifiers).csv, named: "predictions.csv")
    try write(result.foldsCSV, named: "folds.csv")
    try write(result.metricsCSV, named: "metrics.csv")
    try write(result.strategiesCSV, named: "strategies.csv")
    try ledger.write(to: "\(path)/ledger.csv", pseudonyms: pseudonyms)
    // Last: where it is, the run is finished.
    try write(json: result, to: "evaluation.json")
  }

  private static func fileName(of fold: FoldName) -> String { "folds/\(fold.fileStem).json" }

  func write(json value: some Encodable, to name: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    try AtomicFile.write([UInt8](encoder.encode(value)) + [10], to: "\(path)/\(name)")
  }

  private struct Format: Decodable { let format: Int }

  func read<Value: Decodable>(_ type: Value.Type, from name: String, supported: Int) throws -> Value {
    let file = "\(path)/\(name)"
    let data = Data(try FileContents.read(file, limitBytes: 1 << 31))
    do {
      let found = try JSONDecoder().decode(Format.self, from: data).format
      guard found <= supported else { throw ExperimentError.newerFile(path: file, found: found, supported: supported) }
      return try JSONDecoder().decode(type, from: data)
    } catch let error as DecodingError {
      throw ExperimentError.malformedFile(path: file, reason: error.sentence)
    }
  }
}

extension DecodingError {
  /// Where and what, without the noise.
  var sentence: String {
    switch self {
    case .dataCorrupted(let context): "not readable as JSON of this kind: \(context.debugDescription)"
    case .keyNotFound(let key, let context): "found no '\((context.codingPath + [key]).map(\.stringValue).joined(separator: "."))'"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      "unusable value at '\(context.codingPath.map(\.stringValue).joined(separator: "."))': \(context.debugDescription)"
    @unknown default: "not readable"
    }
  }
}
