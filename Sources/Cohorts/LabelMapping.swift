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
      records: try records.map { record throws(LabelMappingError) in try record.renamingLabels(names) },
      patientIdentity: patientIdentity, source: source, unavailable: unavailable, notes: notes)
  }
}

extension ScanRecord {
  fileprivate func renamingLabels(_ names: [String: String]) throws(LabelMappingError) -> ScanRecord {
    if let label { return names[label].map { labelled($0) } ?? self }
    var renamed: [String: Bool] = [:]
    for (finding, isPresent) in findings {
      let name = names[finding] ?? finding
      guard renamed.updateValue(isPresent, forKey: name) == nil else { throw .merged(name) }
    }
    return withFindings(renamed)
  }
}

/// Why labels can't be renamed.
public enum LabelMappingError: Error, Hashable, Sendable, CustomStringConvertible {
  case repeated(String)
  /// Two findings of a scan would get the same name.
  case merged(String)
  /// No scan bears the label.
  case idle(LabelMapping, labels: [String])
  /// The name isn't one of the model's labels.
  case unknownTarget(LabelMapping, known: [String])

  public var description: String {
    switch self {
    case .repeated(let found): "--map-label: found '\(found)' renamed twice; expected once"
    case .merged(let name): "--map-label: two findings of a scan would be called '\(name)'; expected a name for each"
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
