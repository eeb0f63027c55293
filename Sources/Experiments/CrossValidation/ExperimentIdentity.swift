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
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    func json(_ value: some Encodable) throws -> String { String(decoding: try encoder.encode(value), as: UTF8.self) }
    let configuration = experiment.configuration
    var lines = [
      "scanadapt evaluation 2", "version \(ProgramVersion.current)", "instructions \(InstructionSet.name)",
      configuration.protocolName.rawValue,
      try json(design.targets.map(\.rawValue).sorted()),
      try json(design.sources.map(\.rawValue).sorted()),
      "\(configuration.folds) \(configuration.repetitions) \(configuration.seed) \(configuration.trainingScoreScans) \(configuration.permutesLabels)",
      try json(design.classes), try json(design.metrics), "model \(experiment.model.contentHash)",
      try json(experiment.model.card.fittedPatients), try json(experiment.outsiders?.map(\.rawValue).sorted()),
      try json(configuration.division), try json(splits), try json(configuration.nesting),
      "\(configuration.seeds) \(configuration.comparesTransductive) \(configuration.probesShortcuts)",
    ]
    // What inner folds choose and training scores depend on it; without it, runs of earlier versions go on.
    if configuration.unit != .scan { lines.append("unit \(configuration.unit.rawValue)") }
    for row in design.rows {
      lines += [
        row.entry.name, try json(row.strategy.strategy), try json(row.strategy.training ?? row.strategy.strategy.defaultTraining),
        "\(row.strategy.validationFraction)",
      ]
    }
    let hashes = experiment.loader.contentHashes(of: design.cohort.records)
    for (record, hash) in zip(design.cohort.records, hashes) {
      lines.append(
        [
          record.id.rawValue, record.patient.rawValue, record.scanner.rawValue, record.labelText,
          record.split ?? "", record.site ?? "", record.date ?? "",
          hash?.hex ?? "unreadable",
        ]
        .joined(separator: "\u{1F}"))
    }
    hash = ContentHash(of: lines.joined(separator: "\n"))
  }
}
