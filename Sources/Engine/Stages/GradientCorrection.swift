import CKernels
import Graphs

/// The part `b * x + c` of a normalization's input gradient, postponed.
///
/// In a dense block many normalizations read the same values. Each adds `a * dz` to their gradient at once; the b and c of all of them are
/// summed, and applied in one pass over the values where their gradient is complete.
struct GradientCorrection: Sendable {
  /// Where the normalization added `a * dz`.
  let place: MapReference
  /// Its a, b, c, `channels` each; those of `place` start at `first`.
  let coefficients: BufferID
  let channels: Int
  private var first = 0

  init(place: MapReference, coefficients: BufferID, channels: Int) {
    self.place = place
    self.coefficients = coefficients
    self.channels = channels
  }

  /// Channels `range` of the buffer's pixel, which are among this one's.
  private func narrowed(to range: Range<Int>) -> GradientCorrection {
    let skipped = range.lowerBound - place.channelOffset
    var part = GradientCorrection(place: place.channels(skipped, range.count), coefficients: coefficients, channels: channels)
    part.first = first + skipped
    return part
  }

  private static func range(_ place: MapReference) -> Range<Int> {
    place.channelOffset..<(place.channelOffset + place.shape.channels)
  }

  /// What of it concerns `other`; nil where nothing does.
  func part(at other: MapReference) -> GradientCorrection? {
    let common = Self.range(place).clamped(to: Self.range(other))
    return other.buffer == place.buffer && !common.isEmpty ? narrowed(to: common) : nil
  }

  /// What is left when `other` has been corrected.
  func without(_ other: MapReference) -> [GradientCorrection] {
    guard part(at: other) != nil else { return [self] }
    let (own, done) = (Self.range(place), Self.range(other))
    let rest = [own.lowerBound..<max(own.lowerBound, done.lowerBound), min(own.upperBound, done.upperBound)..<own.upperBound]
    return rest.filter { !$0.isEmpty }.map(narrowed)
  }

  /// Adds its b and c where they belong among those of `other`.
  fileprivate func add(to b: inout [Float], _ c: inout [Float], of other: MapReference, from coefficients: UnsafePointer<Float>) {
    let start = place.channelOffset - other.channelOffset
    for channel in 0..<place.shape.channels {
      b[start + channel] += coefficients[channels + first + channel]
      c[start + channel] += coefficients[2 * channels + first + channel]
    }
  }
}

/// `dx += b * x + c` with the sums of all postponed b and c.
struct GradientCorrectionStep: Step {
  let node: String
  let place: MapReference
  /// x.
  let input: MapReference
  let terms: [GradientCorrection]
  let images: Int

  var kernel: String { "gradient correction for \(terms.count) normalizations" }
  var reads: [BufferID] { [place.buffer, input.buffer] + terms.map(\.coefficients) }
  var writes: [BufferID] { [place.buffer] }
  var bytesMoved: Double { 3 * place.byteCount(images: images) }

  func run(_ run: borrowing Run) {
    var b = [Float](repeating: 0, count: place.shape.channels)
    var c = b
    for term in terms { term.add(to: &b, &c, of: place, from: run.floats(term.coefficients)) }
    let dx = run.map(place)
    b.withUnsafeBufferPointer { b in
      c.withUnsafeBufferPointer { c in
        let coefficients = sa_backward_affine(a: nil, b: b.baseAddress, c: c.baseAddress, image_stride: 0)
        sa_backward_affine_apply(
          dx, sa_map(), dx, run.map(input), coefficients, sa_activation_mask(), SA_WRITES, SA_WRITES, run.pool)
      }
    }
  }
}
