/// How far a training without labels has got: part of a checkpoint.
struct UnlabelledProgress: Hashable, Sendable, Codable {
  private(set) var states: [AnswerState]
  private(set) var collapse: Collapse?
  /// Epochs behind the last good weights.
  private(set) var epochsKept = 0

  init(_ watch: CollapseWatch) {
    states = [watch.start]
    collapse = watch.objection
  }

  /// Takes in an epoch's answers, and says whether its weights are good to be kept.
  mutating func observe(_ state: AnswerState, by watch: CollapseWatch) -> Bool {
    states.append(state)
    collapse = watch.collapse(in: state)
    if collapse == nil { epochsKept = state.epochs }
    return collapse == nil
  }

  var report: UnlabelledTraining { UnlabelledTraining(states: states, collapse: collapse, epochsKept: epochsKept) }
}
