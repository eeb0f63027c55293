import Cohorts
import ModelFiles

extension LabelVocabulary {
  /// Whether a cohort's labels are what a model will be asked about: before anything is read or fitted.
  ///
  /// A label that the model lacks is never left out quietly: it is renamed, gets a row in the head, or is refused. Where the model knows
  /// none of them and nothing is fitted on labels, they have no use here, and the caller says so.
  /// - Parameters:
  ///   - head: of the strategies.
  ///   - usesLabels: something trains on labels.
  ///   - newLabels: of a new or extended head, where they are given.
  ///   - mappings: what labels were renamed to must be the model's own, or those of its new head.
  /// - Returns: labels that have no use; empty unless the model knows none at all.
  /// - Throws: `LabelFormError`, `LabelVocabularyError.unknown` with the scans of each, `LabelMappingError.unknownTarget`, `HeadExtensionError.nothingNew`.
  public static func check(
    _ cohort: Cohort, against model: Model, head: HeadPolicy, usesLabels: Bool, newLabels: [String]?, mappings: [LabelMapping] = []
  ) throws -> [LabelVocabularyError.Stray] {
    if head != .new { try LabelFormError.check(cohort.records, against: model.card) }
    let own = try LabelVocabulary(model.card.labels)
    let named = Set(mappings.map(\.model))
    let known: [String]
    switch head {
    case .keep, .train: known = own.labels
    case .new: known = newLabels ?? cohort.labels
    case .extend:
      // A renamed label joins those of the model or of other scans; a name of its own would be a slip of the pen.
      known = own.labels + (newLabels ?? cohort.labels.filter { !named.contains($0) }).filter { own.index(of: $0) == nil }
    }
    for mapping in mappings where !known.contains(mapping.model) { throw LabelMappingError.unknownTarget(mapping, known: known) }
    let strays = try LabelVocabulary(known).strays(of: cohort.records)
    guard !strays.isEmpty else { return [] }
    let knowsSome = cohort.labels.contains { known.contains($0) }
    guard usesLabels || knowsSome || head.changesLabels else { return strays }
    throw LabelVocabularyError.unknown(strays, known: known)
  }
}
