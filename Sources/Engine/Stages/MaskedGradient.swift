import CKernels
import Graphs

/// Which values an activation let through: read off its output, or recomputed from what went in.
struct ActivationMask: Sendable {
  var activation: ActivationOperator?
  /// The activated values; nil where they are recomputed as `affine(x) + residual`.
  var output: MapReference?
  var affine: ChannelAffine?

  var reads: [BufferID] { (output.map { [$0.buffer] } ?? []) + (affine?.reads ?? []) }
}

/// A scale and shift per channel: a stored normalization's, or one that was computed in the run.
enum ChannelAffine: Hashable, Sendable {
  /// By the normalization's path.
  case bound(String)
  /// scale, shift and centre, `rows` × channels each; one row, or one per image.
  case computed(BufferID, rows: Int, channels: Int)

  var reads: [BufferID] { if case .computed(let buffer, _, _) = self { [buffer] } else { [] } }
}

extension Run {
  func affine(_ affine: ChannelAffine?) -> (affine: sa_affine, center: UnsafePointer<Float>?) {
    switch affine {
    case nil: return (sa_affine(), nil)
    case .bound(let path):
      let bound = parameters.affine(path)
      return (sa_affine(scale: bound.scale, shift: bound.shift, image_stride: 0), bound.mean)
    case .computed(let buffer, let rows, let channels):
      let base = UnsafePointer(floats(buffer))
      return (
        sa_affine(scale: base, shift: base + rows * channels, image_stride: rows > 1 ? channels : 0), base + 2 * rows * channels
      )
    }
  }

  func mask(_ mask: ActivationMask) -> sa_activation_mask {
    sa_activation_mask(
      activation: sa_activation(mask.activation), output: map(mask.output), affine: affine(mask.affine).affine, residual: sa_map(),
      residual_affine: sa_affine())
  }
}

/// How an input's gradient follows from dz: `dx = a * dz + b * x + c` per channel.
enum GradientCoefficients: Sendable {
  /// a is the scale that the forward pass used; b and c are 0, or are applied later (`GradientCorrectionStep`).
  case scale(of: ChannelAffine)
  /// a, b, c, `rows` × channels each.
  case computed(BufferID, rows: Int, channels: Int)

  var reads: [BufferID] {
    switch self {
    case .scale(let affine): affine.reads
    case .computed(let buffer, _, _): [buffer]
    }
  }
  /// Whether b matters.
  var needsInput: Bool { if case .computed = self { true } else { false } }
}

extension Run {
  func coefficients(_ coefficients: GradientCoefficients?) -> sa_backward_affine {
    switch coefficients {
    case nil: return sa_backward_affine()
    case .scale(let affine):
      let bound = self.affine(affine).affine
      return sa_backward_affine(a: bound.scale, b: nil, c: nil, image_stride: bound.image_stride)
    case .computed(let buffer, let rows, let channels):
      let base = UnsafePointer(floats(buffer))
      return sa_backward_affine(
        a: base, b: base + rows * channels, c: base + 2 * rows * channels, image_stride: rows > 1 ? channels : 0)
    }
  }
}

/// `dz = dy` where the activation let through, 0 elsewhere; `dx = a * dz + b * x + c`. Either, or both, are stored.
struct MaskedGradientStep: Step {
  let node: String
  let gradient: MapReference
  var mask: ActivationMask
  let images: Int
  /// Nil: dx is dz.
  var coefficients: GradientCoefficients?
  /// x, where the mask or the coefficients want it.
  var input: MapReference?
  var result: (place: MapReference, mode: sa_write_mode)?
  /// Where dz itself goes.
  var branch: (place: MapReference, mode: sa_write_mode)?

  init(node: String, gradient: MapReference, mask: ActivationMask, images: Int) {
    self.node = node
    self.gradient = gradient
    self.mask = mask
    self.images = images
  }

  var kernel: String {
    let parts = [mask.activation?.rawValue, coefficients.map { _ in "normalization" }, branch.map { _ in "add" }].compactMap(\.self)
    return "gradient of \(parts.joined(separator: " + "))"
  }
  private var targets: [(place: MapReference, mode: sa_write_mode)] { [result, branch].compactMap(\.self) }
  /// What it reads beside the gradient.
  var readsBeside: [BufferID] { mask.reads + (coefficients?.reads ?? []) + (input.map { [$0.buffer] } ?? []) }
  var reads: [BufferID] {
    [gradient.buffer] + readsBeside + targets.filter { $0.mode == SA_ACCUMULATES }.map(\.place.buffer)
  }
  var writes: [BufferID] { targets.map(\.place.buffer) }
  var replacements: [(output: BufferID, input: BufferID)] {
    guard let result, result.mode == SA_WRITES, branch == nil else { return [] }
    return [(result.place.buffer, gradient.buffer)]
  }
  var bytesMoved: Double {
    Double(1 + targets.count + (input == nil ? 0 : 1) + (mask.output == nil ? 0 : 1)) * gradient.byteCount(images: images)
  }

  func run(_ run: borrowing Run) {
    sa_backward_affine_apply(
      run.map(result?.place), run.map(branch?.place), run.map(gradient), run.map(input), run.coefficients(coefficients), run.mask(mask),
      result?.mode ?? SA_WRITES, branch?.mode ?? SA_WRITES, run.pool)
  }
}
