import CKernels

extension [any Step] {
  /// Sums over a 1×1 convolution's input gradient are taken while it is computed; what it is read through next is applied on the way.
  ///
  /// Where the gradient only goes on to the normalization's input as `a * dz`, it is added there and never stored itself. Else dz takes its
  /// place, and the step that reads it next masks nothing any more.
  func fusingGradientSums() -> [any Step] {
    var steps: [any Step] = []
    var rest = self[...]
    while let step = rest.popFirst() {
      guard let data = step as? ConvolutionDataGradientStep, let sums = rest.first as? GradientSumsStep,
        sums.gradient == data.inputGradient, sa_conv_takes_gradient_epilogue(data.packed.plan, false)
      else {
        steps.append(step)
        continue
      }
      rest.removeFirst()
      let next = rest.firstIndex { ($0 as? MaskedGradientStep)?.gradient == sums.gradient }
      let masked = next.flatMap { rest[$0] as? MaskedGradientStep }
      // Nothing but the normalization's own gradient may come between.
      let isNext = rest.prefix { $0 is NormalizationGradientStep }.endIndex == next
      if let next, let masked, isNext, masked.onlyAddsScaled, data.mode == SA_WRITES,
        sa_conv_takes_gradient_epilogue(data.packed.plan, true)
      {
        steps.append(FinishedGradientStep(data: data, sums: sums, masked: masked))
        rest.remove(at: next)
      } else {
        steps.append(FinishedGradientStep(data: data, sums: sums, masked: nil))
        if let next, let masked { rest.replaceSubrange(next...next, with: masked.unmasked.map { [$0] } ?? []) }
      }
    }
    return steps
  }
}

extension MaskedGradientStep {
  /// Whether all it does is to write or add `a * dz` elsewhere, with an a that is the same for all images.
  fileprivate var onlyAddsScaled: Bool {
    guard branch == nil, result != nil, case .scale(let affine) = coefficients else { return false }
    if case .computed(_, let rows, _) = affine { return rows == 1 }
    return true
  }

  /// The same where the gradient it reads is dz already; nil where nothing is left to do.
  fileprivate var unmasked: MaskedGradientStep? {
    var step = self
    step.mask = ActivationMask()
    if let branch, branch.place == gradient, branch.mode == SA_WRITES { step.branch = nil }
    if coefficients?.needsInput != true { step.input = nil }
    return step.result == nil && step.branch == nil ? nil : step
  }
}
