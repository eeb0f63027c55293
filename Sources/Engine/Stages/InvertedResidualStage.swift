import CKernels
import Graphs

/// `y = projection(depthwise(expansion(x))) + residual`, each with its folded normalization and activation, as one step. Inference only.
struct InvertedResidualStage: Stage {
  var expansion: ConvolutionStage?
  var depthwise: ConvolutionStage
  var projection: ConvolutionStage

  var output: String {
    get { projection.output }
    set { projection.output = newValue }
  }
  private var first: ConvolutionStage { expansion ?? depthwise }
  var inputs: [String] { projection.residual.map { [first.input, $0] } ?? [first.input] }
  var parameters: [ParameterID] { (expansion?.parameters ?? []) + depthwise.parameters + projection.parameters }

  mutating func redirect(_ old: String, to new: String) {
    if expansion != nil { expansion!.redirect(old, to: new) } else { depthwise.redirect(old, to: new) }
    projection.redirect(old, to: new)
  }

  func emitForward(_ plan: inout PlanBuilder) {
    let layers = [expansion, depthwise, projection].compactMap(\.self).map { stage in
      let packed = PackedWeights(
        key: .init(path: stage.path, backward: false), weight: stage.weight, plan: stage.kernelPlan(SA_CONV_FORWARD, plan.instructionSet))
      plan.require(packed)
      if let folded = stage.folded { plan.require(folded) }
      return InvertedResidualStep.Layer(packed: packed, folded: stage.folded?.path, bias: stage.bias, activation: stage.activation)
    }
    plan.emit(
      InvertedResidualStep(
        node: projection.path, output: plan.home(of: output), input: plan.home(of: first.input),
        residual: projection.residual.map { plan.home(of: $0) }, layers: layers, images: plan.images))
  }

  func emitBackward(_ plan: inout PlanBuilder) { preconditionFailure("nothing trains where inverted residuals are fused") }
}

/// The two or three convolutions of an inverted residual, on bands of rows.
struct InvertedResidualStep: MapStep {
  struct Layer: Sendable {
    let packed: PackedWeights
    let folded: String?
    let bias: ParameterID?
    let activation: ActivationOperator?
  }

  let node: String
  let output: MapReference
  let input: MapReference
  let residual: MapReference?
  /// Expansion (unless there is none), depthwise convolution, projection.
  let layers: [Layer]
  let images: Int

  var kernel: String {
    let sizes = layers.map { layer in
      let g = layer.packed.plan.geometry
      let stride = g.stride > 1 ? "/\(g.stride)" : ""
      return "\(g.kernel_height)×\(g.kernel_width)\(stride) \(g.input_channels)→\(g.output_channels)"
    }
    return "inverted residual \(sizes.joined(separator: ", "))" + (residual == nil ? "" : " + add")
  }
  var reads: [BufferID] { [input.buffer] + (residual.map { [$0.buffer] } ?? []) }
  var writes: [BufferID] { [output.buffer] }
  var floatingPointOperations: Double { layers.reduce(0) { $0 + sa_conv_flops($1.packed.plan.geometry) } * Double(images) }
  var bytesMoved: Double {
    let maps = [input, output, residual == input ? nil : residual].compactMap(\.self)
    return maps.reduce(0) { $0 + $1.byteCount(images: images) } + Double(layers.reduce(0) { $0 + 4 * $1.packed.plan.packed_floats })
  }
  func scratchFloats(threads: Int) -> Int {
    sa_inverted_residual_scratch_floats(sa_inverted_residual(layers.map { sa_folded_convolution(plan: $0.packed.plan) }), Int32(threads))
  }

  func run(_ run: borrowing Run) {
    let convolutions = layers.map { layer in
      var convolution = sa_folded_convolution(plan: layer.packed.plan)
      convolution.packed = run.parameters.packedPointer(layer.packed.key)
      if let path = layer.folded {
        let affine = run.parameters.affine(path)
        (convolution.scale, convolution.shift) = (affine.scale, affine.shift)
      } else if let bias = layer.bias {
        convolution.shift = run.parameters.pointer(bias)
      }
      convolution.activation = sa_activation(layer.activation)
      return convolution
    }
    sa_inverted_residual_run(run.map(output), run.map(input), run.map(residual), sa_inverted_residual(convolutions), run.scratch, run.pool)
  }
}

extension sa_inverted_residual {
  init(_ convolutions: [sa_folded_convolution]) {
    self.init()
    if convolutions.count == 3 { expansion = convolutions[0] }
    depthwise = convolutions[convolutions.count - 2]
    projection = convolutions[convolutions.count - 1]
  }
}

extension sa_folded_convolution {
  init(plan: sa_conv_plan) {
    self.init()
    self.plan = plan
  }
}
