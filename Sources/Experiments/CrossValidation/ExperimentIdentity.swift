import Adaptation
import Cohorts
import Engine
import Files
import Foundation

/// Everything that decides the folds' bits, as one hash: what kept folds are bound to.
///
/// Bootstrap and verdict rule are not in it: they are applied to the folds afterwards.
struct ExperimentIdentity {
  let hash: ContentHash

  init(_ experiment: CrossValidation, _ design: ExperimentDesign, splits: [ScanSplit]) throws {
    let configuration = experiment.configuration
    var lines = [
      "scanadapt evaluation 2", "version \(ProgramVersion.current)", "instructions \(InstructionSet.name)",
      configuration.protocolName.rawValue,
      try Self.json(design.targets.map(\.rawValue).sorted()),
      try Self.json(design.sources.map(\.rawValue).sorted()),
      "\(configuration.folds) \(configuration.repetitions) \(configuration.seed) \(configuration.trainingScoreScans) \(configuration.permutesLabels)",
      try Self.json(design.classes), try Self.json(design.metrics), "model \(experiment.model.contentHash)",
      try Self.json(experiment.model.card.fittedPatients), try Self.json(experiment.outsiders?.map(\.rawValue).sorted()),
      try Self.json(configuration.division), try Self.json(splits), try Self.json(configuration.nesting),
      "\(configuration.seeds) \(configuration.comparesTransductive) \(configuration.probesShortcuts)",
    ]
    // What inner folds choose and training scores depend on it. Runs of earlier versions don't go on, with it or without: their strategies
    // were encoded with fewer settings.
    if configuration.unit != .scan { lines.append("unit \(configuration.unit.rawValue)") }
    for row in design.rows { lines += try Self.lines(of: row.strategy, named: row.entry.name) }
    lines += Self.lines(of: design.cohort.records, loader: experiment.loader)
    hash = ContentHash(of: lines.joined(separator: "\n"))
  }

  /// Of an evaluation of several findings a scan.
  init(_ experiment: FindingsEvaluation, _ design: FindingsDesign) throws {
    let configuration = experiment.configuration
    var lines = [
      "scanadapt findings 1", "version \(ProgramVersion.current)", "instructions \(InstructionSet.name)",
      "\(configuration.folds) \(configuration.seed)", try Self.json(design.findings), try Self.json(design.metrics[0]),
      try Self.json(configuration.nesting), "model \(experiment.model.contentHash)",
    ]
    for row in design.rows { lines += try Self.lines(of: row, named: row.name) }
    lines += Self.lines(of: design.cohort.records, loader: experiment.loader)
    hash = ContentHash(of: lines.joined(separator: "\n"))
  }

  private static func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  private static func lines(of row: ExperimentStrategy, named name: String) throws -> [String] {
    [name, try json(row.strategy), try json(row.training ?? row.strategy.defaultTraining), "\(row.validationFraction)"]
  }

  private static func lines(of records: [ScanRecord], loader: ScanLoader) -> [String] {
    zip(records, loader.contentHashes(of: records)).map { record, hash in
      [
        record.id.rawValue, record.patient.rawValue, record.scanner.rawValue, record.labelText,
        record.split ?? "", record.site ?? "", record.date ?? "",
        hash?.hex ?? "unreadable",
      ]
      .joined(separator: "\u{1F}")
    }
  }
}
