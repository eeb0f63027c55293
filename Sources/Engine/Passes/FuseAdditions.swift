extension StageList {
  /// The addition of a shortcut happens while the later of its two inputs is stored.
  ///
  /// The stage that takes it in moves to the addition's place, where the other input exists.
  mutating func fuseAdditions() {
    for sum in stages.compactMap({ $0 as? SumStage }) where sum.inputs.count == 2 && sum.activation == nil && sum.inputs[0] != sum.inputs[1]
    {
      let readers = readers
      let producers = producers
      let candidates = sum.inputs.filter { readers[$0]?.count == 1 && !isKept($0) && takesResidual($0, producers) }
      guard let taken = candidates.max(by: { producers[$0]! < producers[$1]! }) else { continue }
      let other = sum.inputs[0] == taken ? sum.inputs[1] : sum.inputs[0]
      let place = producers[sum.output]!
      stages[place] = adding(other, to: stages[producers[taken]!], as: sum.output)
      stages.remove(at: producers[taken]!)
    }
  }

  private func takesResidual(_ value: String, _ producers: [String: Int]) -> Bool {
    switch producers[value].map({ stages[$0] }) {
    case let convolution as ConvolutionStage: convolution.residual == nil && convolution.activation == nil
    case let normalization as NormalizationStage: normalization.residual == nil && normalization.activation == nil
    default: false
    }
  }

  private func adding(_ residual: String, to stage: any Stage, as output: String) -> any Stage {
    if var convolution = stage as? ConvolutionStage {
      convolution.residual = residual
      convolution.output = output
      return convolution
    }
    var normalization = stage as! NormalizationStage
    normalization.residual = residual
    normalization.output = output
    return normalization
  }
}
