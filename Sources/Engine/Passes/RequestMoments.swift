extension StageList {
  /// Moments of a convolution's bare output are taken while it is stored, where the kernel gives them.
  mutating func requestMomentsFromConvolutions() {
    var wanted = observed
    for case let normalization as NormalizationStage in stages where normalization.needsMoments { wanted.insert(normalization.input) }
    // Moments of a concatenation are put together from its parts'.
    for case let concatenation as ConcatenationStage in stages.reversed() where wanted.contains(concatenation.output) {
      wanted.formUnion(concatenation.inputs)
    }
    for (position, stage) in stages.enumerated() {
      guard var convolution = stage as? ConvolutionStage, convolution.isBare, convolution.givesMoments, wanted.contains(convolution.output)
      else { continue }
      convolution.takesMoments = true
      stages[position] = convolution
    }
  }
}
