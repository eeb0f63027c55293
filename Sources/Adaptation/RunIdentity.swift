import Cohorts
import Engine
import Files
import Foundation
import Graphs
import ModelFiles

/// Everything that decides a run's bits, as one hash: what a checkpoint is bound to, and by which a batch job knows a folder again.
struct RunIdentity {
  let hash: ContentHash

  init(_ run: AdaptationRun, _ source: Model, _ scans: TrainingScans, _ validation: ValidationScans?, _ images: RunScans) throws {
    let lines =
      try Self.lines(for: run, source) + scans.records.map { Self.line(for: $0, as: "training", images.contentHash(of: $0)) }
      + (validation?.labelledRecords ?? []).map { Self.line(for: $0, as: "validation", images.contentHash(of: $0)) }
    hash = ContentHash(of: lines.joined(separator: "\n"))
  }

  /// The run apart from its scans.
  static func lines(for run: AdaptationRun, _ source: Model) throws -> [String] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    func json(_ value: some Encodable) throws -> String { String(decoding: try encoder.encode(value), as: UTF8.self) }
    return [
      "scanadapt run 1", "version \(ProgramVersion.current)", run.strategy.name, try json(run.strategy), try json(run.training),
      "labels \(try json(run.newHeadLabels))",
      "model \(source.contentHash)", "instructions \(InstructionSet.name)",
    ]
  }

  /// A scan's line: role, id, patient, scanner, label, content.
  static func line(for record: ScanRecord, as role: String, _ hash: ContentHash?) -> String {
    let fields = [role, record.id.rawValue, record.patient.rawValue, record.scanner.rawValue]
    return (fields + [record.labelText, hash.map { "\($0)" } ?? "unreadable"]).joined(separator: "\u{1F}")
  }
}

extension Model {
  /// SHA-256 over the graph, the labels, the preprocessing and every value: two models with the same hash give the same outputs.
  package var contentHash: ContentHash {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    // Graphs are plain data; encoding them doesn't fail.
    var bytes = try! encoder.encode(graph)
    bytes.append(contentsOf: Array("\(card.labels) \(card.preprocessing) \(card.inputShape)".utf8))
    if card.output != .softmax { bytes.append(contentsOf: Array(card.output.rawValue.utf8)) }
    for id in parameters.ids.sorted() {
      bytes.append(contentsOf: Array("\(id)\(parameters.shape(of: id))".utf8))
      parameters.withValues(of: id) { bytes.append(contentsOf: UnsafeRawBufferPointer($0)) }
    }
    return bytes.withUnsafeBytes { ContentHash(of: $0) }
  }
}
