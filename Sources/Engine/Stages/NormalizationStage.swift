import CKernels
import Graphs

/// `y = activation(normalized(x) + residual)`, where the normalization couldn't fold into a convolution.
struct NormalizationStage: Stage {
  /// The node that owns gamma and beta.
  let path: String
  let operation: NormalizationOperator
  /// Whose statistics, per channel.
  let statistics: NormalizationStatistics
  /// The statistics pass reports the input's moments.
  let reportsInput: Bool
  /// The running statistics' share of the new batch.
  let momentum: Float?
  var output: String
  var input: String
  var residual: String?
  var activation: ActivationOperator?
  /// The readers normalize while they read; nothing is stored here.
  var isDeferred = false
  /// The shortcut's own normalization, applied while it is added.
  var residualPrologue: DeferredNormalization?

  init(_ path: String, _ operation: NormalizationOperator, input: String, purpose: Purpose) {
    self.path = path
    self.operation = operation
    self.input = input
    output = path
    var source: NormalizationOperator.Source
    switch purpose {
    case .inference: source = operation.inferenceSource
    case .statistics: source = .batch
    case .gradients: source = operation.trainingSource
    }
    if !operation.keepsStatistics { source = .batch }
    statistics = NormalizationStatistics(operation, source: source)
    if case .statistics = purpose { reportsInput = operation.keepsStatistics } else { reportsInput = false }
    if case .gradients = purpose, operation.keepsStatistics { momentum = operation.updatesStored } else { momentum = nil }
  }

  var inputs: [String] { residual.map { [input, $0] } ?? [input] }
  var gamma: ParameterID { ParameterID(path: path, field: "weight") }
  var beta: ParameterID { ParameterID(path: path, field: "bias") }
  var parameters: [ParameterID] { [gamma, beta] }
  var needsMoments: Bool { !statistics.isStored || momentum != nil || reportsInput }
  var storedAffine: StoredAffine {
    StoredAffine(path: path, epsilon: operation.epsilon, convolutionBias: nil, channels: operation.channels)
  }

  mutating func redirect(_ old: String, to new: String) {
    if input == old { input = new }
    if residual == old { residual = new }
  }

  func emitForward(_ plan: inout PlanBuilder) {
    let moments = needsMoments ? plan.moments(of: input) : nil
    if let moments, let momentum {
      plan.update(
        StatisticsUpdate(
          path: path, momentum: momentum, moments: moments, pixels: plan.shape(of: input).pixels, isInstance: statistics.isInstance))
    }
    if let moments, reportsInput { plan.report(moments, as: path) }
    let affine: ChannelAffine
    if statistics.isStored {
      plan.require(storedAffine)
      affine = .bound(path)
      plan.remember(affine, for: path)
    } else {
      affine = emitCoefficients(moments!, &plan)
    }
    guard !isDeferred else { return }
    plan.emit(
      AffineStep(
        node: output, output: plan.home(of: output), input: plan.home(of: input), affine: affine,
        residual: residual.map { plan.prologue(for: $0, residualPrologue) }, activation: activation, images: plan.images))
  }

  private func emitCoefficients(_ moments: MomentsReference, _ plan: inout PlanBuilder) -> ChannelAffine {
    let channels = operation.channels
    let rows = statistics.rows(images: plan.images)
    let shape = plan.shape(of: input)
    if statistics.usesBatch { plan.takesBatchStatistics(path, values: plan.images * shape.pixels) }
    let step = CoefficientsStep(
      node: path, operation: operation, statistics: statistics, moments: moments, pixels: shape.pixels, images: plan.images,
      coefficients: plan.floats(3 * rows * channels), used: plan.save(plan.doubles(2 * rows * channels), for: path))
    plan.emit(step)
    let affine = ChannelAffine.computed(step.coefficients, rows: rows, channels: channels)
    plan.remember(affine, for: path)
    return affine
  }

  func emitBackward(_ plan: inout PlanBuilder) {
    guard let gradient = plan.gradient(of: output) else { return }
    let trainsAffine = plan.trains(gamma) || plan.trains(beta)
    let needsInput = plan.needsGradient(input)
    let affine = plan.affine(for: path)
    let mask = mask(affine, &plan)
    var coefficients: GradientCoefficients? = statistics.isStored ? .scale(of: affine) : nil
    if trainsAffine || (needsInput && !statistics.isStored) {
      let sums = emitSums(gradient, affine, mask, &plan)
      coefficients = emitGradientCoefficients(sums, &plan) ?? coefficients
    }
    var step = MaskedGradientStep(node: output, gradient: gradient, mask: mask, images: plan.images)
    if let residual, plan.needsGradient(residual) {
      if residual != input, plan.canHandOver(to: residual) {
        plan.handOver(gradient, to: residual)
        // Without an activation dz is dy, which already stands there.
        step.branch = activation == nil ? nil : (gradient, SA_WRITES)
      } else {
        step.branch = plan.contribution(to: residual)
      }
    }
    if needsInput {
      let (place, mode) = plan.contribution(to: input)
      step.result = (place, mode)
      step.coefficients = coefficients
      if case .computed(let buffer, rows: 1, let channels) = coefficients, plan.sharesGradient(input) {
        plan.postpone(GradientCorrection(place: place, coefficients: buffer, channels: channels))
        step.coefficients = .scale(of: affine)
      }
    }
    guard step.result != nil || step.branch != nil else { return }
    let readsInput = step.coefficients?.needsInput == true || (activation != nil && mask.output == nil)
    step.input = readsInput ? plan.home(of: input) : nil
    plan.emitBackward(step)
  }

  /// From the output where that is kept anyway or a residual went in; else recomputed, so that the output may die early.
  private func mask(_ affine: ChannelAffine, _ plan: inout PlanBuilder) -> ActivationMask {
    guard activation != nil else { return ActivationMask() }
    if isDeferred || (residual == nil && !plan.isReadBackward(output)) { return ActivationMask(activation: activation, affine: affine) }
    return ActivationMask(activation: activation, output: plan.home(of: output))
  }

  private func emitSums(
    _ gradient: MapReference, _ affine: ChannelAffine, _ mask: ActivationMask, _ plan: inout PlanBuilder
  ) -> BufferID {
    let sums = plan.doubles(2 * plan.images * operation.channels)
    // A maximum's gradient is that of its winners; the others' is 0 and adds nothing.
    let read = plan.winners[output] ?? plan.home(of: input)
    plan.emitBackward(
      GradientSumsStep(node: output, sums: sums, gradient: gradient, input: read, affine: affine, mask: mask, images: plan.images))
    return sums
  }

  /// Nil where the statistics are stored: then only gamma's and beta's gradients come of it.
  private func emitGradientCoefficients(_ sums: BufferID, _ plan: inout PlanBuilder) -> GradientCoefficients? {
    let rows = statistics.rows(images: plan.images)
    let coefficients = statistics.isStored ? nil : plan.floats(3 * rows * operation.channels)
    plan.emitBackward(
      NormalizationGradientStep(
        node: path, operation: operation, statistics: statistics, sums: sums, used: plan.saved[path],
        center: plan.affine(for: path), pixels: plan.shape(of: input).pixels, images: plan.images,
        trainsGamma: plan.trains(gamma), trainsBeta: plan.trains(beta), coefficients: coefficients))
    return coefficients.map { .computed($0, rows: rows, channels: operation.channels) }
  }
}
