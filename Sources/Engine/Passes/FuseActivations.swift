import Graphs

extension StageList {
  /// An activation happens while its input is stored, where it is the only reader.
  mutating func fuseActivations() {
    for stage in stages.compactMap({ $0 as? SumStage }) {
      guard stage.inputs.count == 1, let activation = stage.activation, !isKept(stage.inputs[0]),
        readers[stage.inputs[0]]?.count == 1, let position = producers[stage.inputs[0]],
        let fused = activating(stages[position], activation, as: stage.output)
      else { continue }
      stages[position] = fused
      let activated = stages.lastIndex { $0.output == stage.output }!
      stages.remove(at: activated)
    }
  }

  private func activating(_ stage: any Stage, _ activation: ActivationOperator, as output: String) -> (any Stage)? {
    switch stage {
    case var convolution as ConvolutionStage where convolution.activation == nil:
      convolution.activation = activation
      convolution.output = output
      return convolution
    case var normalization as NormalizationStage where normalization.activation == nil:
      normalization.activation = activation
      normalization.output = output
      return normalization
    case var sum as SumStage where sum.activation == nil:
      sum.activation = activation
      sum.output = output
      return sum
    default: return nil
    }
  }
}
