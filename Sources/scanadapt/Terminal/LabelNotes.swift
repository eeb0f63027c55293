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

  static func note(_ strays: [LabelVocabularyError.Stray], _ consequence: String) {
    guard !strays.isEmpty else { return }
    let list = strays.prefix(12).map { "'\($0.label)' (\($0.scans) scans)" }.joined(separator: ", ")
    Terminal.note("labels the model doesn't have: \(list)\(strays.count > 12 ? " and \(strays.count - 12) more" : ""); \(consequence)")
  }
}
