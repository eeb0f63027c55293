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
    // Per image and channel: sum dz and sum dz * x^.
    let plain = run.doubles(sums)
    let statistics = usedStatistics(run)
    let scaled = scaledSums(plain, run.affine(center).center!, statistics, rows: rows)
    let (plainTotals, scaledTotals) = (totals(plain), scaled.withUnsafeBufferPointer { totals($0.baseAddress!) })
    if trainsBeta { write(plainTotals, to: run.parameters.gradientPointer(ParameterID(path: node, field: "bias"))) }
    if trainsGamma { write(scaledTotals, to: run.parameters.gradientPointer(ParameterID(path: node, field: "weight"))) }
    guard let coefficients else { return }
    let target = run.floats(coefficients)
    for row in 0..<rows {
      for channel in 0..<channels {
        let (meanPlain, meanScaled) =
          switch self.statistics[channel] {
          case .stored: (0.0, 0.0)
          case .batch: batchMeans(plainTotals[channel], scaledTotals[channel], gamma[channel])
          case .image: imageMeans(plain + row * channels, scaled[(row * channels)...], gamma, channel: channel)
          }
        let place = row * channels + channel
        let (mean, inverse) = (statistics.mean[place], statistics.inverse[place])
        let b = -inverse * inverse * meanScaled
        target[place] = Float(Double(gamma[channel]) * inverse)
        target[rows * channels + place] = Float(b)
        target[2 * rows * channels + place] = Float(-inverse * meanPlain - b * mean)
      }
    }
  }

  /// mean and inverse deviation, rows × channels each.
  private func usedStatistics(_ run: borrowing Run) -> (mean: [Double], inverse: [Double]) {
    let channels = operation.channels
    if let used {
      let count = statistics.rows(images: images) * channels
      let values = run.doubles(used)
      return (Array(UnsafeBufferPointer(start: values, count: count)), Array(UnsafeBufferPointer(start: values + count, count: count)))
    }
    let mean = run.parameters.pointer(ParameterID(path: node, field: "running_mean"))
    let variance = run.parameters.pointer(ParameterID(path: node, field: "running_var"))
    return (
      (0..<channels).map { Double(mean[$0]) },
      (0..<channels).map { 1 / (Double(variance[$0]) + Double(operation.epsilon)).squareRoot() }
    )
  }

  /// sum dz * x^ from sum dz * (x - center).
  private func scaledSums(
    _ plain: UnsafePointer<Double>, _ centers: UnsafePointer<Float>, _ statistics: (mean: [Double], inverse: [Double]), rows: Int
  ) -> [Double] {
    let channels = operation.channels
    let products = plain + images * channels
    return [Double](unsafeUninitializedCapacity: images * channels) { scaled, count in
      for image in 0..<images {
        let row = rows == 1 ? 0 : image * channels
        for channel in 0..<channels {
          let cell = image * channels + channel
          let shift = Double(centers[row + channel]) - statistics.mean[row + channel]
          scaled[cell] = statistics.inverse[row + channel] * (products[cell] + shift * plain[cell])
        }
      }
      count = images * channels
    }
  }

  /// Per channel, over images in order.
  private func totals(_ perImage: UnsafePointer<Double>) -> [Double] {
    let channels = operation.channels
    var totals = [Double](repeating: 0, count: channels)
    for image in 0..<images { for channel in 0..<channels { totals[channel] += perImage[image * channels + channel] } }
    return totals
  }

  private func write(_ totals: [Double], to target: UnsafeMutablePointer<Float>) {
    for channel in totals.indices { target[channel] = Float(totals[channel]) }
  }

  /// mean(gamma dz) and mean(gamma dz x^) over the batch.
  private func batchMeans(_ plain: Double, _ scaled: Double, _ gamma: Float) -> (Double, Double) {
    let factor = Double(gamma) / Double(images * pixels)
    return (plain * factor, scaled * factor)
  }

  /// The same over one image's channels that share their statistics with `channel`.
  private func imageMeans(
    _ plain: UnsafePointer<Double>, _ scaled: ArraySlice<Double>, _ gamma: UnsafePointer<Float>, channel: Int
  ) -> (Double, Double) {
    let start = channel / statistics.channelsTogether * statistics.channelsTogether
    var (first, second) = (0.0, 0.0)
    for member in start..<(start + statistics.channelsTogether) {
      first += Double(gamma[member]) * plain[member]
      second += Double(gamma[member]) * scaled[scaled.startIndex + member]
    }
    let values = Double(statistics.channelsTogether * pixels)
    return (first / values, second / values)
  }
}
