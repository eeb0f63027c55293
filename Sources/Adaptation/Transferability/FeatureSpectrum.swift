import LinearAlgebra

/// Feature vectors F (scans by features) as far as a linear fit sees them: the squared singular values of F, and every target's coordinates
/// along its left singular vectors, from the smaller of `F Fᵀ` and `Fᵀ F`.
struct FeatureSpectrum {
  /// Above rounding.
  private(set) var squares: [Double] = []
  /// By target, then singular value: `uᵀ y`.
  private(set) var coordinates: [[Double]]
  let scans: Int
  let features: Int

  init(_ rows: [[Double]], targets: [[Double]]) {
    scans = rows.count
    features = rows.first?.count ?? 0
    let isWide = rows.count <= features
    let columns = (0..<features).map { column in rows.map { $0[column] } }
    let sides = isWide ? rows : columns
    var gram = [[Double]](repeating: [Double](repeating: 0, count: sides.count), count: sides.count)
    for i in sides.indices {
      for j in 0...i {
        gram[i][j] = dot(sides[i], sides[j])
        gram[j][i] = gram[i][j]
      }
    }
    // Through Fᵀ F, Fᵀ y is rotated: singular value times the coordinate.
    var rotated = isWide ? targets : targets.map { target in columns.map { dot($0, target) } }
    let values = SymmetricEigenvalues.of(gram, rotating: &rotated)
    let least = 1e-10 * (values.max() ?? 0)
    let kept = values.indices.filter { values[$0] > least }
    squares = kept.map { values[$0] }
    coordinates = rotated.map { target in kept.map { isWide ? target[$0] : target[$0] / values[$0].squareRoot() } }
  }
}
