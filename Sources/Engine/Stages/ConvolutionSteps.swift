import CKernels
import Graphs

/// `output = activation(scale * (w * x) + shift + residual)`, and the moments of `w * x`.
struct ConvolutionStep: MapStep {
  let node: String
  let output: MapReference
  let input: Prologue
  let packed: PackedWeights
  /// The normalization whose scale and shift are used; they contain the bias.
  let folded: String?
  let bias: ParameterID?
  let residual: MapReference?
  let activation: ActivationOperator?
  let moments: MomentsReference?
  let images: Int

  var kernel: String {
    let parts = [
      packed.plan.described, folded.map { _ in "normalization" } ?? bias.map { _ in "bias" }, residual.map { _ in "add" },
      activation?.rawValue, moments.map { _ in "moments" },
    ]
    let tail = parts.compactMap(\.self).joined(separator: " + ")
    return [input.described, tail].compactMap(\.self).joined(separator: " ")
  }
  var reads: [BufferID] { input.reads + (residual.map { [$0.buffer] } ?? []) }
  var writes: [BufferID] { [output.buffer] + (moments.map { [$0.buffer] } ?? []) }
  var floatingPointOperations: Double { sa_conv_flops(packed.plan.geometry) * Double(images) }
  var bytesMoved: Double {
    input.source.byteCount(images: images) + output.byteCount(images: images) + (residual?.byteCount(images: images) ?? 0)
      + Double(packed.plan.packed_floats * 4)
  }
  func scratchFloats(threads: Int) -> Int { sa_conv_scratch_floats(packed.plan, images, Int32(threads)) }

  func run(_ run: borrowing Run) {
    var epilogue = sa_conv_epilogue()
    if let folded {
      let affine = run.parameters.affine(folded)
      epilogue.scale = affine.scale
      epilogue.shift = affine.shift
    } else if let bias {
      epilogue.shift = run.parameters.pointer(bias)
    }
    epilogue.residual = run.map(residual)
    epilogue.activation = sa_activation(activation)
    if let moments {
      epilogue.moments_mean = run.means(moments)
      epilogue.moments_m2 = run.m2(moments)
    }
    sa_conv_forward(
      run.map(output), run.map(input.source), run.parameters.packedPointer(packed.key), epilogue, run.prologue(input), packed.plan,
      run.scratch,
      run.pool)
  }
}

/// The gradient of a convolution's input, written or accumulated.
struct ConvolutionDataGradientStep: Step {
  let node: String
  let inputGradient: MapReference
  let mode: sa_write_mode
  let gradient: MapReference
  let packed: PackedWeights
  let images: Int

  var kernel: String { "input gradient of \(packed.plan.described)" }
  var reads: [BufferID] { mode == SA_WRITES ? [gradient.buffer] : [gradient.buffer, inputGradient.buffer] }
  var writes: [BufferID] { [inputGradient.buffer] }
  var floatingPointOperations: Double { sa_conv_flops(packed.plan.geometry) * Double(images) }
  var bytesMoved: Double { gradient.byteCount(images: images) + inputGradient.byteCount(images: images) }
  func scratchFloats(threads: Int) -> Int { sa_conv_scratch_floats(packed.plan, images, Int32(threads)) }

  func run(_ run: borrowing Run) {
    sa_conv_backward_data(
      run.map(inputGradient), run.map(gradient), run.parameters.packedPointer(packed.key), mode, packed.plan, run.scratch, run.pool)
  }
}

/// The gradient of a convolution's weight, summed over the batch.
struct ConvolutionWeightGradientStep: Step {
  let node: String
  let weight: ParameterID
  let input: Prologue
  let gradient: MapReference
  let plan: sa_conv_plan
  let images: Int

  var kernel: String { "weight gradient of \(plan.described)" }
  var reads: [BufferID] { input.reads + [gradient.buffer] }
  var writes: [BufferID] { [] }
  var floatingPointOperations: Double { sa_conv_flops(plan.geometry) * Double(images) }
  var bytesMoved: Double { gradient.byteCount(images: images) + input.source.byteCount(images: images) }
  func scratchFloats(threads: Int) -> Int { sa_conv_scratch_floats(plan, images, Int32(threads)) }

  func run(_ run: borrowing Run) {
    sa_conv_backward_weights(
      run.parameters.gradientPointer(weight), run.map(input.source), run.map(gradient), SA_WRITES, run.prologue(input), plan, run.scratch,
      run.pool)
  }
}

/// The gradient of a bias: the sum of the output's over images and pixels.
struct BiasGradientStep: Step {
  let node: String
  let bias: ParameterID
  let gradient: MapReference
  /// Room for one Double per channel.
  let sums: BufferID
  let images: Int

  var kernel: String { "bias gradient" }
  var reads: [BufferID] { [gradient.buffer] }
  var writes: [BufferID] { [sums] }
  var bytesMoved: Double { gradient.byteCount(images: images) }

  func run(_ run: borrowing Run) {
    let sums = run.doubles(sums)
    sa_channel_sums(sums, run.map(gradient), run.pool)
    let target = run.parameters.gradientPointer(bias)
    for channel in 0..<gradient.shape.channels { target[channel] = Float(sums[channel]) }
  }
}

extension sa_conv_plan {
  /// "3×3 /2 depthwise convolution 64→64, gemm".
  var described: String {
    let g = geometry
    let isLinear = output_height == 1 && output_width == 1 && g.input_height == g.kernel_height && g.input_width == g.kernel_width
    let size = isLinear ? "linear" : "\(g.kernel_height)×\(g.kernel_width)\(g.stride > 1 ? "/\(g.stride)" : "") convolution"
    let groups = g.groups > 1 ? (g.groups == g.input_channels ? " depthwise" : " in \(g.groups) groups") : ""
    return "\(size) \(g.input_channels)→\(g.output_channels)\(groups), \(String(cString: sa_conv_algorithm_name(algorithm)))"
  }
}
