extension StageList {
  /// Dropout at inference (and with probability 0), scaling by 1 and flattening a vector change nothing: readers read their input.
  mutating func removeIdentities(keepingDropout: Bool) {
    for stage in stages {
      guard let input = identityInput(stage, keepingDropout: keepingDropout) else { continue }
      if isKept(stage.output) {
        let position = stages.firstIndex { $0.output == stage.output }!
        stages[position] = ScalingStage(output: stage.output, input: stages[position].inputs[0], factor: 1)
      } else {
        // An earlier removal may have redirected this stage's own input.
        let current = stages.first { $0.output == stage.output }?.inputs.first ?? input
        stages.removeAll { $0.output == stage.output }
        redirectAll(stage.output, to: current)
      }
    }
  }

  private func identityInput(_ stage: any Stage, keepingDropout: Bool) -> String? {
    switch stage {
    case let dropout as DropoutStage where !keepingDropout || dropout.probability == 0: dropout.input
    case let scaling as ScalingStage where scaling.factor == 1: scaling.input
    case let flatten as FlattenStage where shapes[flatten.input]!.pixels == 1: flatten.input
    case let sum as SumStage where sum.inputs.count == 1 && sum.activation == nil: sum.inputs[0]
    default: nil
    }
  }
}
