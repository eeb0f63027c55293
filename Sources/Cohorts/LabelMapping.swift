/// A manifest's word for a label, and the model's: `--map-label Pneumonia=pneumonia`.
public struct LabelMapping: Hashable, Sendable, Codable, CustomStringConvertible {
  public let found: String
  public let model: String

  public init(found: String, model: String) {
    self.found = found
    self.model = model
  }

  public var description: String { "\(found)=\(model)" }
}

extension Cohort {
  /// The same scans under other labels; each label is renamed once, so that two may change places.
  /// - Throws: `LabelMappingError` for a label that is renamed twice, or that no scan bears.
  public func renamingLabels(_ mappings: [LabelMapping]) throws(LabelMappingError) -> Cohort {
    guard !mappings.isEmpty else { return self }
    var names: [String: String] = [:]
    for mapping in mappings where names.updateValue(mapping.model, forKey: mapping.found) != nil { throw .repeated(mapping.found) }
    let borne = labels
    for mapping in mappings where !borne.contains(mapping.found) { throw .idle(mapping, labels: borne) }
    return Cohort(
      records: records.map { record in record.label.flatMap { names[$0] }.map { record.labelled($0) } ?? record },
      patientIdentity: patientIdentity, source: source, unavailable: unavailable, notes: notes)
  }
}

/// Why labels can't be renamed.
public enum LabelMappingError: Error, Hashable, Sendable, CustomStringConvertible {
  case repeated(String)
  /// No scan bears the label.
  case idle(LabelMapping, labels: [String])
  /// The name isn't one of the model's labels.
  case unknownTarget(LabelMapping, known: [String])

  public var description: String {
    switch self {
    case .repeated(let found): "--map-label: found '\(found)' renamed twice; expected once"
    case .idle(let mapping, let labels):
      "--map-label \(mapping): no scan is labelled '\(mapping.found)'; expected one of \(Self.list(labels))"
    case .unknownTarget(let mapping, let known):
      "--map-label \(mapping): '\(mapping.model)' isn't one of the model's labels; expected one of \(Self.list(known))"
    }
  }

  private static func list(_ labels: [String]) -> String {
    labels.isEmpty
      ? "none" : labels.prefix(12).map { "'\($0)'" }.joined(separator: ", ") + (labels.count > 12 ? " and \(labels.count - 12) more" : "")
  }
}
