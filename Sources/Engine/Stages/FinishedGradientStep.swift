import CKernels
import Graphs

/// A 1×1 convolution's input gradient with what the normalization before it makes of it, while it is in cache: masked by the activation,
/// summed for the normalization's own gradient, and stored as dz; or at once as a contribution `a * dz` to the normalization's input.
struct FinishedGradientStep: Step {
  let data: ConvolutionDataGradientStep
  let sums: GradientSumsStep
  /// What becomes of dz at once; it is stored where it stands if nil.
  let masked: MaskedGradientStep?

  var node: String { data.node }
  var kernel: String { ["\(data.kernel) + \(sums.kernel)", masked.map { "→ \($0.kernel)" }].compactMap(\.self).joined(separator: " ") }
  private var target: (place: MapReference, mode: sa_write_mode) { masked?.result ?? (data.inputGradient, data.mode) }
  var reads: [BufferID] {
    [data.gradient.buffer, sums.input.buffer] + sums.affine.reads + sums.mask.reads
      + (target.mode == SA_ACCUMULATES ? [target.place.buffer] : [])
  }
  var writes: [BufferID] { [target.place.buffer, sums.sums] }
  var floatingPointOperations: Double { data.floatingPointOperations }
  var bytesMoved: Double {
    let beside = [sums.input, sums.mask.output].compactMap(\.self) + (target.mode == SA_ACCUMULATES ? [target.place] : [])
    return data.bytesMoved + beside.reduce(0) { $0 + $1.byteCount(images: data.images) }
  }
  func scratchFloats(threads: Int) -> Int { sa_conv_gradient_epilogue_scratch_floats(data.packed.plan, data.images, Int32(threads)) }

  func run(_ run: borrowing Run) {
    let bound = run.affine(sums.affine)
    var epilogue = sa_gradient_epilogue()
    epilogue.x = run.map(sums.input)
    epilogue.mask = run.mask(sums.mask)
    epilogue.center = bound.center
    epilogue.center_image_stride = bound.affine.image_stride
    epilogue.sum_dz = run.doubles(sums.sums)
    epilogue.sum_dz_x = epilogue.sum_dz + data.images * sums.gradient.shape.channels
    if let masked { epilogue.scale = run.coefficients(masked.coefficients).a }
    sa_conv_backward_data_finished(
      run.map(target.place), run.map(data.gradient), run.parameters.packedPointer(data.packed.key), target.mode, epilogue,
      data.packed.plan, run.scratch, run.pool)
  }
}
