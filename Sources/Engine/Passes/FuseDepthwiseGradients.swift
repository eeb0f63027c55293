import CKernels

extension [any Step] {
  /// A depthwise convolution's backward pass is bound by memory: where the steps around its input gradient read nothing else, they become
  /// one step that reads and writes each map once.
  ///
  /// Those are, in order: the gradient of the normalization after it, its own weight gradient, its input gradient, and the sums of the
  /// normalization before it.
  func fusingDepthwiseGradients() -> [any Step] {
    var steps: [any Step] = []
    var rest = self[...]
    while let step = rest.popFirst() {
      guard let data = step as? ConvolutionDataGradientStep, data.packed.plan.algorithm == SA_CONV_DEPTHWISE, data.mode == SA_WRITES else {
        steps.append(step)
        continue
      }
      var fused = DepthwiseGradientStep(data)
      if let sums = rest.first as? GradientSumsStep, sums.readsInputOf(data) {
        fused.sums = sums
        rest.removeFirst()
      }
      if let weights = steps.last as? ConvolutionWeightGradientStep, weights.node == data.node, fused.canTake(weights) {
        fused.weights = weights
        steps.removeLast()
      }
      if let masked = steps.last as? MaskedGradientStep, masked.yieldsOnly(data.gradient),
        !rest.contains(where: { $0.reads.contains(data.gradient.buffer) })
      {
        fused.masked = masked
        steps.removeLast()
      }
      steps.append(fused)
    }
    return steps
  }
}

extension DepthwiseGradientStep {
  /// Whether the weight gradient reads what the sums read, as it is normalized and activated there.
  fileprivate func canTake(_ weights: ConvolutionWeightGradientStep) -> Bool {
    guard let sums else { return true }
    return weights.input.source == sums.input && weights.input.activation == sums.mask.activation && weights.input.affine == sums.affine
  }
}

extension GradientSumsStep {
  /// Whether these are sums over a convolution's input gradient, with a mask that is recomputed from the normalization's input.
  fileprivate func readsInputOf(_ data: ConvolutionDataGradientStep) -> Bool {
    gradient == data.inputGradient && mask.output == nil && (mask.affine == nil || mask.affine == affine)
  }
}

extension MaskedGradientStep {
  /// Whether this only writes `gradient`, from values that its own input tells.
  fileprivate func yieldsOnly(_ gradient: MapReference) -> Bool {
    guard let result else { return false }
    return result.place == gradient && result.mode == SA_WRITES && branch == nil && mask.output == nil
  }
}
