import LinearAlgebra

/// Linear classifiers of two groups, one fitted for every fold on the scans of the others: ridge regression on ±1 with standardized
/// features, in its dual form `score(x) = sum_i alpha_i (x_i · x)`, `(K + lambda I) alpha = y`, the threshold midway between the training
/// scores' means.
///
/// Neither the standardization nor K asks which group a scan is of: factored once, any naming costs two triangular solves a fold.
package struct FoldedClassifiers {
  private struct Fold {
    let training: [Int]
    let test: [Int]
    let factor: CholeskyFactor
    let lambda: Double
    /// Each test scan's inner products with the training scans.
    let products: [[Double]]
  }

  private let folds: [Fold]

  /// - Parameter strength: lambda over the mean of K's diagonal.
  package init(_ rows: [[Double]], foldOf: [Int], strength: Double = 0.1) {
    folds = Set(foldOf).sorted().map { fold in
      let training = rows.indices.filter { foldOf[$0] != fold }
      let test = rows.indices.filter { foldOf[$0] == fold }
      let standardization = Standardization(training.map { rows[$0] })
      let known = training.map { standardization.applied(to: rows[$0]) }
      var kernel = known.map { left in known.map { dot(left, $0) } }
      let diagonal = kernel.indices.reduce(0) { $0 + kernel[$1][$1] } / Double(max(known.count, 1))
      let lambda = strength * diagonal + 1e-9
      for index in kernel.indices { kernel[index][index] += lambda }
      return Fold(
        training: training, test: test, factor: CholeskyFactor(ridged: kernel), lambda: lambda,
        products: test.map { scan in
          let row = standardization.applied(to: rows[scan])
          return known.map { dot($0, row) }
        })
    }
  }

  /// The share of held-out scans called wrongly: the mean of the two groups'. Nil where a group is never held out from a classifier that
  /// knows both.
  package func error(_ isSecond: [Bool]) -> Double? {
    var (wrong, all) = ([0.0, 0.0], [0.0, 0.0])
    for fold in folds {
      let groups = fold.training.map { isSecond[$0] }
      let second = Double(groups.count { $0 })
      let first = Double(groups.count) - second
      guard first > 0, second > 0 else { continue }
      // Both sides weigh the same, however many scans they have.
      let targets = groups.map { ($0 ? first : -second) / (first + second) }
      let alpha = fold.factor.solved(targets)
      var means = [0.0, 0.0]
      // K alpha = y - lambda alpha.
      for (index, group) in groups.enumerated() {
        means[group ? 1 : 0] += (targets[index] - fold.lambda * alpha[index]) / (group ? second : first)
      }
      let threshold = (means[0] + means[1]) / 2
      for (scan, products) in zip(fold.test, fold.products) {
        let group = isSecond[scan] ? 1 : 0
        all[group] += 1
        if (dot(alpha, products) > threshold) != isSecond[scan] { wrong[group] += 1 }
      }
    }
    guard all[0] > 0, all[1] > 0 else { return nil }
    return (wrong[0] / all[0] + wrong[1] / all[1]) / 2
  }
}

/// Each feature less its mean, over its deviation; one that doesn't vary becomes 0.
private struct Standardization {
  private var means: [Double]
  private var scales: [Double]

  init(_ rows: [[Double]]) {
    let width = rows.first?.count ?? 0
    var (means, squares) = ([Double](repeating: 0, count: width), [Double](repeating: 0, count: width))
    for row in rows { for index in 0..<width { means[index] += row[index] / Double(rows.count) } }
    for row in rows { for index in 0..<width { squares[index] += (row[index] - means[index]) * (row[index] - means[index]) } }
    self.means = means
    scales = squares.map { $0 > 0 ? 1 / ($0 / Double(rows.count)).squareRoot() : 0 }
  }

  func applied(to row: [Double]) -> [Double] { row.indices.map { (row[$0] - means[$0]) * scales[$0] } }
}
