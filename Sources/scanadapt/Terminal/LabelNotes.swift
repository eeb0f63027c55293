import Adaptation
import Cohorts
import ModelFiles

/// What is said of labels that a model doesn't have, where they have no use; where they have one, they are an error.
enum LabelNotes {
  /// - Throws: `LabelVocabularyError`, `LabelMappingError`: before anything is read.
  static func check(_ cohort: Cohort, against model: Model, for run: AdaptationRun, mappings: [LabelMapping]) throws {
    var probe = model
    // What can't be prepared says so when it is run.
    let trains = run.strategy.objective.needsLabels && ((try? run.strategy.prepare(&probe)) ?? nil) != nil
    let unused = try LabelVocabulary.check(
      cohort, against: model, head: run.strategy.head, usesLabels: trains, newLabels: run.newHeadLabels, mappings: mappings)
    note(unused, "they have no use here: the model knows none of them, and nothing is fitted on labels")
  }

  /// For an evaluation, which scores by labels. A model that knows none of them is given a new head, and the report says so.
  static func check(
    _ cohort: Cohort, against model: Model, under heads: [HeadPolicy], newLabels: [String]?, mappings: [LabelMapping]
  ) throws {
    let isForeign = !cohort.labels.contains { model.card.labels.contains($0) }
    let head = heads.first(where: \.changesLabels) ?? (isForeign || newLabels != nil ? .new : .keep)
    _ = try LabelVocabulary.check(cohort, against: model, head: head, usesLabels: true, newLabels: newLabels, mappings: mappings)
  }

  /// For commands that fit nothing: what labels were renamed to must be the model's own.
  static func check(_ mappings: [LabelMapping], against model: Model) throws {
    for mapping in mappings where !model.card.labels.contains(mapping.model) {
      throw LabelMappingError.unknownTarget(mapping, known: model.card.labels)
    }
  }

  /// For a batch: a folder needn't bear a label that is renamed, but one of them must. Where folders can't be read, nobody can tell.
  static func check(_ mappings: [LabelMapping], on folders: [() throws -> Cohort]) throws {
    guard !mappings.isEmpty else { return }
    let cohorts = folders.map { try? $0() }
    let labels = Set(cohorts.compactMap { $0?.labels }.joined()).sorted()
    for mapping in mappings where !labels.contains(mapping.found) {
      let error = LabelMappingError.idle(mapping, labels: labels)
      guard cohorts.contains(where: { $0 == nil }) else { throw error }
      Terminal.note("\(error), in the folders that can be read")
    }
  }

  static func note(_ strays: [LabelVocabularyError.Stray], _ consequence: String) {
    guard !strays.isEmpty else { return }
    let list = strays.prefix(12).map { "'\($0.label)' (\($0.scans) scans)" }.joined(separator: ", ")
    Terminal.note("labels the model doesn't have: \(list)\(strays.count > 12 ? " and \(strays.count - 12) more" : ""); \(consequence)")
  }
}
