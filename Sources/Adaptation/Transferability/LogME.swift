import Foundation

/// How well a Bayesian linear model on frozen features explains the labels: the logarithm of maximum evidence per scan, averaged over classes.
///
/// For each class, targets y are 0 or 1, weights have a normal prior of precision alpha, noise has precision beta; both maximize the
/// evidence by MacKay's fixed point `alpha = gamma/|m|²`, `beta = (n-gamma)/|y-Fm|²`, `gamma = sum s²/(s² + alpha/beta)` over the singular values s of F. You, Liu,
/// Wang and Long, "LogME: Practical assessment of pre-trained models for transfer learning", ICML 2021. It needs no training and ranks
/// networks for one set of scans; it says nothing of how good they will be, nor which strategy to use.
public enum LogME {
  /// Higher is better; any sign.
  ///
  /// - Parameters:
  ///   - features: one row a scan.
  ///   - labels: a class index for each row.
  /// - Returns: `nil` with fewer than two scans or two classes among them, or features that are all zero.
  public static func score(features: [[Float]], labels: [Int]) -> Double? {
    precondition(features.count == labels.count, "\(features.count) rows of features for \(labels.count) labels")
    let classes = Set(labels).sorted()
    guard labels.count > 1, classes.count > 1 else { return nil }
    let targets = classes.map { label in labels.map { $0 == label ? 1.0 : 0 } }
    let spectrum = FeatureSpectrum(features.map { $0.map(Double.init) }, targets: targets)
    guard !spectrum.squares.isEmpty else { return nil }
    let evidences = targets.indices.map { evidence(spectrum, $0, square: targets[$0].reduce(0, +)) }
    return evidences.reduce(0, +) / Double(classes.count)
  }

  /// - Parameter square: `|y|²`.
  private static func evidence(_ spectrum: FeatureSpectrum, _ target: Int, square: Double) -> Double {
    let squares = spectrum.squares
    let coordinates = spectrum.coordinates[target]
    let count = Double(spectrum.scans)
    let outside = max(square - coordinates.reduce(0) { $0 + $1 * $1 }, 0)
    var (alpha, beta) = (1.0, 1.0)
    /// |m|² and |y - Fm|² at the present precisions.
    func sizes() -> (weights: Double, residual: Double) {
      var (weights, residual) = (0.0, outside)
      for (value, coordinate) in zip(squares, coordinates) {
        let divisor = alpha + beta * value
        weights += value * (beta * coordinate / divisor) * (beta * coordinate / divisor)
        residual += (alpha * coordinate / divisor) * (alpha * coordinate / divisor)
      }
      return (weights, residual)
    }
    for _ in 0..<10_000 {
      let ratio = alpha / beta
      let gamma = squares.reduce(0) { $0 + $1 / ($1 + ratio) }
      let (weights, residual) = sizes()
      // Targets that features explain to rounding, or not at all, have no maximum: stay within the range of doubles.
      alpha = min(max(gamma / max(weights, 1e-12), 1e-8), 1e8)
      beta = min(max((count - gamma) / max(residual, 1e-12), 1e-8), 1e8)
      if abs(alpha / beta - ratio) <= 1e-10 * ratio { break }
    }
    let (weights, residual) = sizes()
    var evidence = Double(squares.count) * log(alpha) + count * log(beta) - squares.reduce(0) { $0 + log(alpha + beta * $1) }
    evidence -= beta * residual + alpha * weights + count * log(2 * .pi)
    return evidence / 2 / count
  }
}
