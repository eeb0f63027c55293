import Foundation
import Imaging
import RandomStreams

extension ScannerModel {
  /// Turns a square field of tissue signal into the stored image.
  package func scan(_ signal: [Double], size: Int, using stream: inout RandomStream) -> GrayImage {
    let blurred = gaussianBlur(signal, size: size, deviation: blur * Double(size) / 64)
    let fullScale = Double((1 << bitDepth) - 1)
    var samples: [UInt16] = []
    samples.reserveCapacity(blurred.count)
    for y in 0..<size {
      for x in 0..<size {
        let (u, v) = (2 * (Double(x) + 0.5) / Double(size) - 1, 2 * (Double(y) + 0.5) / Double(size) - 1)
        let lit = blurred[y * size + x] * (1 - vignetting * (u * u + v * v) / 2)
        let measured = noisy(gain * pow(max(lit, 0), gamma) + offset, using: &stream)
        samples.append(UInt16((min(max(measured, 0), 1) * fullScale).rounded()))
      }
    }
    return GrayImage(width: size, height: size, bitDepth: bitDepth, samples: samples)
  }

  private func noisy(_ value: Double, using stream: inout RandomStream) -> Double {
    switch noise {
    case .gaussian(let deviation): return value + deviation * stream.normal()
    case .rician(let deviation):
      let (real, imaginary) = (value + deviation * stream.normal(), deviation * stream.normal())
      return (real * real + imaginary * imaginary).squareRoot()
    }
  }

  /// Separable; edge pixels are repeated outwards.
  private func gaussianBlur(_ field: [Double], size: Int, deviation: Double) -> [Double] {
    guard deviation > 0 else { return field }
    let reach = Int((3 * deviation).rounded(.up))
    let unscaled = (-reach...reach).map { exp(-Double($0 * $0) / (2 * deviation * deviation)) }
    let total = unscaled.reduce(0, +)
    let weights = unscaled.map { $0 / total }
    /// One pass along the lines, with the result transposed: two passes restore the order.
    func pass(_ source: [Double]) -> [Double] {
      var result = [Double](repeating: 0, count: source.count)
      for y in 0..<size {
        for x in 0..<size {
          var sum = 0.0
          for tap in -reach...reach { sum += weights[tap + reach] * source[y * size + min(max(x + tap, 0), size - 1)] }
          result[x * size + y] = sum
        }
      }
      return result
    }
    return pass(pass(field))
  }
}
