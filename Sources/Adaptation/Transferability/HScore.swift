/// How much of the features' covariance lies between classes: `tr(cov(f)⁺ cov(E[f|y]))`, from 0 to the number of classes less one.
///
/// Bao et al., "An information-theoretic approach to transferability in task transfer learning", ICIP 2019. As a projection: with the left
/// singular vectors U of the centred features, the sum over classes of `|Uᵀ 1_c|²/n_c`. It ranks; it doesn't predict.
public enum HScore {
  /// - Parameters:
  ///   - features: one row a scan.
  ///   - labels: a class index for each row.
  /// - Returns: `nil` with one class, or with so few scans that their features span everything, where any labels get the highest score.
  public static func score(features: [[Float]], labels: [Int]) -> Double? {
    precondition(features.count == labels.count, "\(features.count) rows of features for \(labels.count) labels")
    let classes = Set(labels).sorted()
    guard classes.count > 1, let first = features.first else { return nil }
    let count = Double(features.count)
    let means = first.indices.map { column in features.reduce(0.0) { $0 + Double($1[column]) } / count }
    let centred = features.map { row in zip(row, means).map { Double($0) - $1 } }
    let spectrum = FeatureSpectrum(centred, targets: classes.map { label in labels.map { $0 == label ? 1.0 : 0 } })
    guard !spectrum.squares.isEmpty, spectrum.squares.count < features.count - 1 else { return nil }
    return zip(classes, spectrum.coordinates).reduce(0) { sum, part in
      sum + part.1.reduce(0) { $0 + $1 * $1 } / Double(labels.count { $0 == part.0 })
    }
  }
}
