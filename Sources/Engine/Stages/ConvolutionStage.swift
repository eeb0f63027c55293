import CKernels
import Graphs

/// A convolution or linear layer, with what happens to its output before it is stored: a folded normalization, a residual, an activation.
///
/// `y = activation(scale * (w * x) + shift + residual)`
struct ConvolutionStage: Stage {
  /// The node that owns the weights.
  let path: String
  let geometry: Geometry
  let hasBias: Bool
  var output: String
  var input: String
  /// A stored-statistics normalization taken into scale and shift.
  var folded: StoredAffine?
  /// A normalization before it, applied while the input is read.
  var prologue: DeferredNormalization?
  var residual: String?
  var activation: ActivationOperator?
  /// Moments of the raw `w * x` are wanted, under the path's name.
  var takesMoments = false

  enum Geometry: Hashable, Sendable {
    case convolution(ConvolutionOperator, input: FeatureShape)
    /// On a vector.
    case linear(LinearOperator)
    /// A linear layer that reads a map as if it were flattened in NCHW order.
    case flattened(FeatureShape, outputs: Int)
  }

  init(_ path: String, _ operation: ConvolutionOperator, input: String, shape: FeatureShape) {
    self.path = path
    self.input = input
    output = path
    geometry = .convolution(operation, input: shape)
    hasBias = operation.hasBias
  }

  init(_ path: String, _ operation: LinearOperator, input: String, geometry: Geometry? = nil) {
    self.path = path
    self.input = input
    output = path
    self.geometry = geometry ?? .linear(operation)
    hasBias = operation.hasBias
  }

  var inputs: [String] { residual.map { [input, $0] } ?? [input] }
  var weight: ParameterID { ParameterID(path: path, field: "weight") }
  var bias: ParameterID? { hasBias ? ParameterID(path: path, field: "bias") : nil }
  var parameters: [ParameterID] { bias.map { [weight, $0] } ?? [weight] }

  /// Whether what is stored is the convolution and its bias, nothing more.
  var isBare: Bool { folded == nil && residual == nil && activation == nil }

  /// Whether the kernel's moments are those of the convolution's output: they are of `w * x`, before the bias.
  var givesMoments: Bool { !hasBias }

  mutating func redirect(_ old: String, to new: String) {
    if input == old { input = new }
    if residual == old { residual = new }
  }

  func kernelPlan(_ purpose: sa_conv_purpose, _ set: sa_instruction_set) -> sa_conv_plan {
    sa_conv_plan_make(geometry.sizes, purpose, set)
  }

  func emitForward(_ plan: inout PlanBuilder) {
    let kernel = kernelPlan(SA_CONV_FORWARD, plan.instructionSet)
    let packed = PackedWeights(key: .init(path: path, backward: false), weight: weight, plan: kernel)
    plan.require(packed)
    if let folded { plan.require(folded) }
    let moments = takesMoments ? plan.newMoments(of: path) : nil
    plan.emit(
      ConvolutionStep(
        node: path, output: plan.home(of: output), input: plan.prologue(for: input, prologue), packed: packed, folded: folded?.path,
        bias: bias,
        residual: residual.map { plan.home(of: $0) }, activation: activation, moments: moments, images: plan.images))
    if let moments, plan.list.observed.contains(path) { plan.report(moments, as: path) }
  }

  func emitBackward(_ plan: inout PlanBuilder) {
    guard var gradient = plan.gradient(of: output) else { return }
    if !isBare { gradient = emitEpilogueBackward(gradient, &plan) }
    if plan.trains(weight) {
      plan.emitBackward(
        ConvolutionWeightGradientStep(
          node: path, weight: weight, input: plan.prologue(for: input, prologue), gradient: gradient,
          plan: kernelPlan(SA_CONV_BACKWARD_WEIGHTS, plan.instructionSet), images: plan.images))
    }
    if let bias, plan.trains(bias) {
      plan.emitBackward(
        BiasGradientStep(
          node: path, bias: bias, gradient: gradient, sums: plan.doubles(gradient.shape.channels), images: plan.images))
    }
    if plan.needsGradient(input) {
      let packed = PackedWeights(
        key: .init(path: path, backward: true), weight: weight, plan: kernelPlan(SA_CONV_BACKWARD_DATA, plan.instructionSet))
      plan.require(packed)
      let (place, mode) = plan.contribution(to: input)
      plan.emitBackward(
        ConvolutionDataGradientStep(node: path, inputGradient: place, mode: mode, gradient: gradient, packed: packed, images: plan.images))
    }
  }

  /// From the gradient of what was stored to that of `w * x`; the residual gets its share on the way.
  private func emitEpilogueBackward(_ gradient: MapReference, _ plan: inout PlanBuilder) -> MapReference {
    let mask = ActivationMask(activation: activation, output: activation == nil ? nil : plan.home(of: output))
    var step = MaskedGradientStep(node: output, gradient: gradient, mask: mask, images: plan.images)
    step.coefficients = folded.map { .scale(of: .bound($0.path)) }
    if let residual, plan.needsGradient(residual) {
      if residual != input, plan.canHandOver(to: residual) {
        // dz takes dy's place and becomes the residual's gradient; the convolution reads it before anybody adds to it.
        plan.handOver(gradient, to: residual)
        step.branch = (gradient, SA_WRITES)
        if folded != nil { step.result = (plan.map(gradient.shape), SA_WRITES) }
      } else {
        step.branch = plan.contribution(to: residual)
        step.result = (gradient, SA_WRITES)
      }
    } else {
      step.result = (gradient, SA_WRITES)
    }
    plan.emitBackward(step)
    return step.result?.place ?? gradient
  }
}

extension ConvolutionStage.Geometry {
  var sizes: sa_conv_geometry {
    switch self {
    case .linear(let linear): return sa_linear_geometry(linear.inputFeatures, linear.outputFeatures)
    case .flattened(let shape, let outputs): return sa_flattened_linear_geometry(shape.channels, shape.height, shape.width, outputs)
    case .convolution(let operation, let input):
      return sa_conv_geometry(
        input_channels: operation.inputChannels, output_channels: operation.outputChannels, kernel_height: operation.kernelHeight,
        kernel_width: operation.kernelWidth, stride: operation.stride, dilation: operation.dilation, groups: operation.groups,
        pad_top: operation.padding.top, pad_left: operation.padding.left, pad_bottom: operation.padding.bottom,
        pad_right: operation.padding.right, input_height: input.height, input_width: input.width)
    }
  }
}
