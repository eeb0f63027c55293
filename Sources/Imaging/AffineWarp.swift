import Foundation
import Tensors

/// Flip, then rotation, then magnification about the image's centre, as the inverse map from result to source pixels.
struct AffineWarp {
  /// source = centre + [a b; c d] (result − centre).
  private let a, b, c, d: Double
  let isIdentity: Bool

  init(isFlipped: Bool, angle: Double, magnification: Double) {
    let (cosine, sine) = (cos(angle) / magnification, sin(angle) / magnification)
    let mirror: Double = isFlipped ? -1 : 1
    (a, b, c, d) = (mirror * cosine, mirror * sine, -sine, cosine)
    isIdentity = !isFlipped && angle == 0 && magnification == 1
  }

  /// Bilinear; coordinates outside the image are moved to its edge.
  func apply(to image: Tensor) -> Tensor {
    let (channels, height, width) = (image.shape[0], image.shape[1], image.shape[2])
    let (centerX, centerY) = (Double(width - 1) / 2, Double(height - 1) / 2)
    let (lastX, lastY) = (Float(width - 1), Float(height - 1))
    return image.withUnsafeBuffer { source in
      Tensor(shape: image.shape) { out in
        for y in 0..<height {
          let rowX = Float(centerX + b * (Double(y) - centerY) - a * centerX)
          let rowY = Float(centerY + d * (Double(y) - centerY) - c * centerX)
          for x in 0..<width {
            let sourceX = min(max(rowX + Float(a) * Float(x), 0), lastX)
            let sourceY = min(max(rowY + Float(c) * Float(x), 0), lastY)
            let (left, top) = (Int(sourceX), Int(sourceY))
            let (fractionX, fractionY) = (sourceX - Float(left), sourceY - Float(top))
            let upper = top * width
            let lower = min(top + 1, height - 1) * width
            let right = min(left + 1, width - 1)
            for channel in 0..<channels {
              let plane = channel * height * width
              let above = source[plane + upper + left] + fractionX * (source[plane + upper + right] - source[plane + upper + left])
              let below = source[plane + lower + left] + fractionX * (source[plane + lower + right] - source[plane + lower + left])
              out[plane + y * width + x] = above + fractionY * (below - above)
            }
          }
        }
      }
    }
  }
}
