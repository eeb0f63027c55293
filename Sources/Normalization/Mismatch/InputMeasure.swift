import Foundation
import Imaging
import Tensors

/// What of a scan's pixels a scanner changes before any network: measured on the prepared scan in intensities before the mean and deviation
/// of the preprocessing, so 0…1 where the scaling is to the unit range.
public enum InputMeasure: String, Hashable, Sendable, Codable, CaseIterable {
  case mean
  case deviation = "standard deviation"
  case percentile1 = "1st percentile"
  case percentile25 = "25th percentile"
  case median
  case percentile75 = "75th percentile"
  case percentile99 = "99th percentile"
  /// The shares of pixels at or below 0 and at or above 1.
  case clippedLow = "share at or below 0"
  case clippedHigh = "share at or above 1"
  /// The variance of the Laplacian over that of the pixels: gain and offset don't move it, blur lowers it, noise raises it.
  case sharpness
  /// The standard deviation of noise, from a mask blind to edges: `sqrt(pi / 2) / 6 · mean |x * N|` with
  /// N = (1 -2 1; -2 4 -2; 1 -2 1). Immerkær 1996.
  case noise

  /// Whether gain, offset, windowing or inversion show in it, rather than sharpness and noise.
  public var isIntensity: Bool { self != .sharpness && self != .noise }
}

/// One prepared scan's measures and histogram.
package struct InputMeasurement: Sendable {
  /// In the order of `InputMeasure.allCases`.
  package let values: [Double]
  /// Shares of pixels in `bins` equal bins of 0…1, what lies outside in the outer ones.
  package let histogram: [Double]

  package static let bins = 32

  /// - Parameter image: `[C, H, W]` as the network gets it; its first channel is measured.
  package init(_ image: Tensor, preprocessing: Preprocessing) {
    let (height, width) = (image.shape.dimensions[1], image.shape.dimensions[2])
    let count = height * width
    let (scale, shift) = (Double(preprocessing.standardDeviation[0]), Double(preprocessing.mean[0]))
    let pixels = image.withUnsafeBuffer { $0.prefix(count).map { Double($0) * scale + shift } }
    let sorted = pixels.sorted()
    let mean = pixels.reduce(0, +) / Double(count)
    let variance = pixels.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
    func percentile(_ share: Double) -> Double { sorted[min(count - 1, Int(share * Double(count)))] }

    var (laplacian, laplacianSquare, blind, inner) = (0.0, 0.0, 0.0, 0.0)
    for y in 1..<max(height - 1, 1) {
      for x in 1..<max(width - 1, 1) {
        func at(_ dy: Int, _ dx: Int) -> Double { pixels[(y + dy) * width + x + dx] }
        let cross = at(-1, 0) + at(1, 0) + at(0, -1) + at(0, 1)
        let corners = at(-1, -1) + at(-1, 1) + at(1, -1) + at(1, 1)
        let edge = cross - 4 * at(0, 0)
        laplacian += edge
        laplacianSquare += edge * edge
        blind += abs(corners - 2 * cross + 4 * at(0, 0))
        inner += 1
      }
    }
    let edgeVariance = inner > 0 ? laplacianSquare / inner - (laplacian / inner) * (laplacian / inner) : 0
    let tolerance = 1e-6
    values = InputMeasure.allCases.map { measure in
      switch measure {
      case .mean: mean
      case .deviation: variance.squareRoot()
      case .percentile1: percentile(0.01)
      case .percentile25: percentile(0.25)
      case .median: percentile(0.5)
      case .percentile75: percentile(0.75)
      case .percentile99: percentile(0.99)
      case .clippedLow: Double(sorted.count { $0 <= tolerance }) / Double(count)
      case .clippedHigh: Double(sorted.count { $0 >= 1 - tolerance }) / Double(count)
      case .sharpness: variance > 0 ? edgeVariance / variance : 0
      case .noise: inner > 0 ? (Double.pi / 2).squareRoot() / 6 * blind / inner : 0
      }
    }
    var histogram = [Double](repeating: 0, count: Self.bins)
    for pixel in pixels { histogram[min(max(Int(pixel * Double(Self.bins)), 0), Self.bins - 1)] += 1 / Double(count) }
    self.histogram = histogram
  }
}
