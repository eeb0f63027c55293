import Cohorts
import Foundation
import Imaging

/// What a scan's file is like, without what it shows: size, depth, brightness, border. A label that these predict may be learned from
/// them. Zech et al., "Variable generalization performance of a deep learning model to detect pneumonia", PLoS Medicine 2018.
struct ShortcutFeatures: Hashable, Sendable {
  static let names = [
    "log width", "log height", "bit depth", "channels", "mean", "standard deviation", "border mean", "border share of one value",
  ]

  /// In the order of `names`; intensities as shares of full scale.
  let values: [Double]

  init(_ image: DecodedImage) {
    let (width, height, channels) = (image.width, image.height, image.color.channels)
    let scale = Double((1 << image.bitDepth) - 1)
    var (sum, squares) = (0.0, 0.0)
    for sample in image.samples {
      let value = Double(sample) / scale
      sum += value
      squares += value * value
    }
    let count = Double(max(image.samples.count, 1))
    let mean = sum / count
    var border: [UInt16] = []
    for row in 0..<height {
      let isEdge = row == 0 || row == height - 1
      for column in stride(from: 0, to: width, by: isEdge ? 1 : max(width - 1, 1)) {
        border.append(image.samples[(row * width + column) * channels])
      }
    }
    let borderMean = border.reduce(0) { $0 + Double($1) / scale } / Double(max(border.count, 1))
    var counts: [UInt16: Int] = [:]
    for value in border { counts[value, default: 0] += 1 }
    let constant = Double(counts.values.max() ?? 0) / Double(max(border.count, 1))
    values = [
      log(Double(width)), log(Double(height)), Double(image.bitDepth), Double(channels), mean,
      max(squares / count - mean * mean, 0).squareRoot(), borderMean, constant,
    ]
  }

  /// nil where the file can't be read.
  static func read(_ record: ScanRecord, limits: PNGLimits) -> ShortcutFeatures? {
    (try? PNGReader.decode(contentsOf: record.absolutePath, limits: limits)).map(ShortcutFeatures.init)
  }
}
