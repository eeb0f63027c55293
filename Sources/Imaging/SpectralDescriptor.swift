import Foundation

/// How strongly each low spatial frequency is in a rank thumbnail, whatever the phase: the perceptual hash's raw material.
///
/// 80 logarithms of Fourier magnitudes at 0…8 cycles across and down, (0, 0) left out, of the 32-pixel thumbnail under a Hann window;
/// left- and right-leaning waves are averaged. Magnitudes don't change with inversion or a flip, and little with a shift of a few
/// percent, so one descriptor serves for all of these. The method is that of the Fourier–Mellin transform without its polar part.
package enum SpectralDescriptor {
  package static let count = frequencies * frequencies - 1
  static let frequencies = 9
  package static let side = 32

  package static func values(of thumbnail: RankThumbnail) -> [Float] {
    precondition(thumbnail.side == side, "the descriptor is of \(side)-pixel thumbnails, not \(thumbnail.side)")
    let (window, cosine, sine) = (tables.window, tables.cosine, tables.sine)
    var mean: Float = 0
    for y in 0..<side { for x in 0..<side { mean += window[y] * window[x] * thumbnail.values[y * side + x] } }
    mean /= tables.windowSum * tables.windowSum

    // Rows first: the real input's waves across, then those down, upwards and downwards.
    var real = [Float](repeating: 0, count: frequencies * side)
    var imaginary = real
    for y in 0..<side {
      for x in 0..<side {
        let value = window[y] * window[x] * (thumbnail.values[y * side + x] - mean)
        for u in 0..<frequencies {
          real[u * side + y] += value * cosine[u * side + x]
          imaginary[u * side + y] -= value * sine[u * side + x]
        }
      }
    }
    var out: [Float] = []
    out.reserveCapacity(count)
    for v in 0..<frequencies {
      for u in 0..<frequencies where u + v > 0 {
        var (forward, backward) = (SIMD2<Float>.zero, SIMD2<Float>.zero)
        for y in 0..<side {
          let (a, b, c, s) = (real[u * side + y], imaginary[u * side + y], cosine[v * side + y], sine[v * side + y])
          forward += SIMD2(a * c + b * s, b * c - a * s)
          backward += SIMD2(a * c - b * s, b * c + a * s)
        }
        out.append((logMagnitude(forward) + logMagnitude(backward)) / 2)
      }
    }
    return out
  }

  /// The floor keeps frequencies that an image lacks from deciding by their rounding errors.
  private static func logMagnitude(_ value: SIMD2<Float>) -> Float { log((value * value).sum().squareRoot() + 1e-3) }

  private struct Tables {
    var window: [Float]
    var windowSum: Float
    var cosine: [Float] = []
    var sine: [Float] = []
  }

  private static let tables: Tables = {
    let window = (0..<side).map { Float(0.5 - 0.5 * cos(2 * .pi * Double($0 + 1) / Double(side + 1))) }
    var tables = Tables(window: window, windowSum: window.reduce(0, +))
    for u in 0..<frequencies {
      for x in 0..<side {
        let angle = 2 * .pi * Double(u * x) / Double(side)
        tables.cosine.append(Float(cos(angle)))
        tables.sine.append(Float(sin(angle)))
      }
    }
    return tables
  }()
}
