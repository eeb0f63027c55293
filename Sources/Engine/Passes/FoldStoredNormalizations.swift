extension StageList {
  /// A normalization with stored statistics whose gamma and beta don't train becomes the scale and shift of the convolution before it.
  ///
  /// The weights stay as they are, so that nothing is packed again and the convolution's own moments can still be observed; where the kernel
  /// doesn't give them, an observed convolution stays apart.
  mutating func foldStoredNormalizations() {
    let readers = readers
    for normalization in stages.compactMap({ $0 as? NormalizationStage }) {
      guard normalization.statistics.isStored, !normalization.needsMoments,
        !normalization.parameters.contains(where: trainable.contains), readers[normalization.input]?.count == 1,
        !outputs.contains(normalization.input),
        let position = stages.firstIndex(where: { $0.output == normalization.input }),
        var convolution = stages[position] as? ConvolutionStage, convolution.isBare,
        convolution.givesMoments || !observed.contains(convolution.output),
        !convolution.parameters.contains(where: { $0.field == "bias" && trainable.contains($0) })
      else { continue }
      var affine = normalization.storedAffine
      affine.convolutionBias = convolution.bias
      convolution.folded = affine
      convolution.takesMoments = observed.contains(convolution.output)
      convolution.output = normalization.output
      stages[position] = convolution
      stages.removeAll { $0.output == normalization.output && $0 is NormalizationStage }
    }
  }
}
