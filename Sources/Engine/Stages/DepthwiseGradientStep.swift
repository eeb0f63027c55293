import CKernels
import Graphs

/// A depthwise convolution's backward pass with its neighbours' in one step: from the gradient of what follows the normalization after
/// it to the gradient of what it read, its weight gradient, and the sums that the normalization before it wants.
struct DepthwiseGradientStep: Step {
  let data: ConvolutionDataGradientStep
  /// The normalization and activation after it.
  var masked: MaskedGradientStep?
  var weights: ConvolutionWeightGradientStep?
  var sums: GradientSumsStep?

  init(_ data: ConvolutionDataGradientStep) { self.data = data }

  var node: String { data.node }
  var kernel: String {
    let parts = [
      masked.map { "\($0.kernel) →" }, weights == nil ? data.kernel : "both gradients of \(data.packed.plan.described)",
      sums.map { "+ \($0.kernel)" },
    ]
    return parts.compactMap(\.self).joined(separator: " ")
  }
  private var gradient: MapReference { masked?.gradient ?? data.gradient }
  private var input: MapReference? { weights?.input.source ?? sums?.input }

  var reads: [BufferID] {
    [gradient.buffer] + (masked?.readsBeside ?? []) + (input.map { [$0.buffer] } ?? []) + (weights?.input.reads ?? [])
      + (sums.map { $0.affine.reads + $0.mask.reads } ?? [])
  }
  var writes: [BufferID] { data.writes + (sums?.writes ?? []) }
  var floatingPointOperations: Double { data.floatingPointOperations + (weights?.floatingPointOperations ?? 0) }
  var bytesMoved: Double {
    let maps = [gradient, masked?.input, input, data.inputGradient].compactMap(\.self)
    return maps.reduce(0) { $0 + $1.byteCount(images: data.images) }
  }
  func scratchFloats(threads: Int) -> Int { sa_depthwise_backward_scratch_floats(data.packed.plan, data.images, Int32(threads)) }

  func run(_ run: borrowing Run) {
    var job = sa_depthwise_backward()
    job.dy = run.map(gradient)
    if let masked {
      job.y = run.map(masked.input)
      job.coefficients = run.coefficients(masked.coefficients)
      job.mask = run.mask(masked.mask)
    }
    job.x = run.map(input)
    job.packed = run.parameters.packedPointer(data.packed.key)
    job.dx = run.map(data.inputGradient)
    if let weights {
      job.weight_gradient = run.parameters.gradientPointer(weights.weight)
      job.prologue = run.prologue(weights.input)
    }
    if let sums {
      let bound = run.affine(sums.affine)
      job.sum_dz = run.doubles(sums.sums)
      job.sum_dz_x = job.sum_dz + data.images * data.inputGradient.shape.channels
      job.center = bound.center
      job.center_image_stride = bound.affine.image_stride
      job.prologue = sa_prologue(affine: bound.affine, activation: sa_activation(sums.mask.activation))
    }
    sa_depthwise_backward_run(job, data.packed.plan, run.scratch, run.pool)
  }
}
