import CKernels
import Graphs

/// Moments of each image's channels.
struct MomentsStep: Step {
  let node: String
  let input: MapReference
  let moments: MomentsReference
  let images: Int

  var kernel: String { "channel moments" }
  var reads: [BufferID] { [input.buffer] }
  var writes: [BufferID] { [moments.buffer] }
  var bytesMoved: Double { input.byteCount(images: images) }

  func run(_ run: borrowing Run) { sa_channel_moments(run.means(moments), run.m2(moments), run.map(input), run.pool) }
}

/// `y = activation(scale * x + shift + residual)`.
struct AffineStep: MapStep {
  let node: String
  let output: MapReference
  let input: MapReference
  let affine: ChannelAffine
  let residual: Prologue?
  let activation: ActivationOperator?
  let images: Int

  var kernel: String {
    ["normalization", residual.map { _ in "add" }, activation?.rawValue].compactMap(\.self).joined(separator: " + ")
  }
  var reads: [BufferID] { [input.buffer] + affine.reads + (residual?.reads ?? []) }
  var writes: [BufferID] { [output.buffer] }
  var replacements: [(output: BufferID, input: BufferID)] {
    [(output.buffer, input.buffer)] + (residual.map { [(output.buffer, $0.source.buffer)] } ?? [])
  }
  var bytesMoved: Double { Double(residual == nil ? 2 : 3) * output.byteCount(images: images) }

  func run(_ run: borrowing Run) {
    sa_affine_activate(
      run.map(output), run.map(input), run.affine(affine).affine, run.map(residual?.source),
      run.affine(residual?.affine).affine, sa_activation(activation), run.pool)
  }
}

/// Per image and channel, the sums of dz and of dz * (x - center).
struct GradientSumsStep: Step {
  let node: String
  let sums: BufferID
  let gradient: MapReference
  let input: MapReference
  let affine: ChannelAffine
  let mask: ActivationMask
  let images: Int

  var kernel: String { "gradient sums" }
  var reads: [BufferID] { [gradient.buffer, input.buffer] + affine.reads + mask.reads }
  var writes: [BufferID] { [sums] }
  var bytesMoved: Double { Double(mask.output == nil ? 2 : 3) * gradient.byteCount(images: images) }

  func run(_ run: borrowing Run) {
    let bound = run.affine(affine)
    let sums = run.doubles(sums)
    sa_backward_sums(
      sums, sums + images * gradient.shape.channels, run.map(gradient), run.map(input), bound.center, bound.affine.image_stride,
      run.mask(mask), run.pool)
  }
}

/// From the sums to gamma's and beta's gradients, and to the coefficients of `dx = a * dz + b * x + c`.
///
/// With x^ = (x - mean) * inverse over the M values that share a mean and variance, and means of products over them:
/// `dx = inverse * (gamma dz - mean(gamma dz) - x^ mean(gamma dz x^))`. Stored statistics are constants: `dx = gamma * inverse * dz`.
struct NormalizationGradientStep: Step {
  let node: String
  let operation: NormalizationOperator
  let statistics: NormalizationStatistics
  let sums: BufferID
  /// mean and inverse deviation from the forward pass; nil where they are stored.
  let used: BufferID?
  /// What the sums are centred about.
  let center: ChannelAffine
  let pixels: Int
  let images: Int
  let trainsGamma: Bool
  let trainsBeta: Bool
  /// a, b, c: rows × channels floats each.
  let coefficients: BufferID?

  var kernel: String { "normalization gradient coefficients" }
  var reads: [BufferID] { [sums] + center.reads + (used.map { [$0] } ?? []) }
  var writes: [BufferID] { coefficients.map { [$0] } ?? [] }
  var bytesMoved: Double { 0 }

  func run(_ run: borrowing Run) {
    let channels = operation.channels
    let rows = statistics.rows(images: images)
    let gamma = run.parameters.pointer(ParameterID(path: node, field: "weight"))
    let sums = run.doubles(sums)
    let centers = run.affine(center).center!
    // Per image and channel: sum dz and sum dz * x^.
    var plain = [Double](repeating: 0, count: images * channels)
    var scaled = plain
    for image in 0..<images {
      for channel in 0..<channels {
        let row = rows == 1 ? 0 : image
        let (mean, inverse) = meanAndInverse(run, row: row, channel: channel)
        let cell = image * channels + channel
        plain[cell] = sums[cell]
        let shift = Double(centers[row * channels + channel]) - mean
        scaled[cell] = inverse * (sums[images * channels + cell] + shift * sums[cell])
      }
    }
    if trainsBeta { write(plain, to: run.parameters.gradientPointer(ParameterID(path: node, field: "bias"))) }
    if trainsGamma { write(scaled, to: run.parameters.gradientPointer(ParameterID(path: node, field: "weight"))) }
    guard let coefficients else { return }
    let target = run.floats(coefficients)
    for row in 0..<rows {
      for channel in 0..<channels {
        let (mean, inverse) = meanAndInverse(run, row: row, channel: channel)
        let (meanPlain, meanScaled) = means(plain, scaled, gamma, row: row, channel: channel)
        let place = row * channels + channel
        let b = -inverse * inverse * meanScaled
        target[place] = Float(Double(gamma[channel]) * inverse)
        target[rows * channels + place] = Float(b)
        target[2 * rows * channels + place] = Float(-inverse * meanPlain - b * mean)
      }
    }
  }

  private func write(_ perImage: [Double], to target: UnsafeMutablePointer<Float>) {
    for channel in 0..<operation.channels {
      var sum = 0.0
      for image in 0..<images { sum += perImage[image * operation.channels + channel] }
      target[channel] = Float(sum)
    }
  }

  private func meanAndInverse(_ run: borrowing Run, row: Int, channel: Int) -> (Double, Double) {
    let channels = operation.channels
    if let used {
      let values = run.doubles(used)
      let place = row * channels + channel
      return (values[place], values[statistics.rows(images: images) * channels + place])
    }
    let mean = run.parameters.pointer(ParameterID(path: node, field: "running_mean"))[channel]
    let variance = run.parameters.pointer(ParameterID(path: node, field: "running_var"))[channel]
    return (Double(mean), 1 / (Double(variance) + Double(operation.epsilon)).squareRoot())
  }

  /// mean(gamma dz) and mean(gamma dz x^) over the values that share this channel's statistics; zero where those are stored.
  private func means(
    _ plain: [Double], _ scaled: [Double], _ gamma: UnsafePointer<Float>, row: Int, channel: Int
  ) -> (Double, Double) {
    let channels = operation.channels
    var (first, second) = (0.0, 0.0)
    switch statistics[channel] {
    case .stored: return (0, 0)
    case .batch:
      for image in 0..<images {
        first += plain[image * channels + channel]
        second += scaled[image * channels + channel]
      }
      let factor = Double(gamma[channel]) / Double(images * pixels)
      return (first * factor, second * factor)
    case .image:
      let start = channel / statistics.channelsTogether * statistics.channelsTogether
      for member in start..<(start + statistics.channelsTogether) {
        first += Double(gamma[member]) * plain[row * channels + member]
        second += Double(gamma[member]) * scaled[row * channels + member]
      }
      let values = Double(statistics.channelsTogether * pixels)
      return (first / values, second / values)
    }
  }
}
