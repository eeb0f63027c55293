import Foundation
import LinearAlgebra

/// Rows of a linear classifier for classes it wasn't trained on, in closed form, from feature vectors; see `HeadExtension`.
package struct ClassRows: Sendable {
  /// A row for each new class, in the order they were asked for.
  package let weights: [[Double]]
  package let biases: [Double]

  /// The mean direction of each class's features, as long as the old rows are on average.
  /// - Parameters:
  ///   - features: a row a scan.
  ///   - classes: each scan's class index.
  ///   - new: the indices rows are made for.
  ///   - old: the old classes' rows, at least one; their biases, or none where the layer has no bias.
  package init(
    imprinting features: [[Double]], _ classes: [Int], of new: [Int], besideRows old: [[Double]], biases: [Double]
  ) throws(HeadExtensionError) {
    let length = old.reduce(0) { $0 + Self.length($1) } / Double(old.count)
    let bias = biases.isEmpty ? 0 : biases.reduce(0, +) / Double(biases.count)
    var rows: [[Double]] = []
    for index in new {
      var sum = [Double](repeating: 0, count: features[0].count)
      for (row, label) in zip(features, classes) where label == index {
        let own = Self.length(row)
        // A scan without features has no direction.
        guard own > 0 else { continue }
        for column in sum.indices { sum[column] += row[column] / own }
      }
      let total = Self.length(sum)
      guard total > 0 else { throw .noFeatures(label: index) }
      rows.append(sum.map { length * $0 / total })
    }
    weights = rows
    self.biases = new.map { _ in bias }
  }

  /// Linear discriminants; scikit-learn's `LinearDiscriminantAnalysis(solver="lsqr", shrinkage:)` with priors by frequency.
  package init(
    discriminating features: [[Double]], _ classes: [Int], of new: [Int], shrinkage: Double
  ) throws(HeadExtensionError) {
    let width = features[0].count
    let count = Double(features.count)
    var sums: [Int: (scans: Double, mean: [Double])] = [:]
    for (row, label) in zip(features, classes) {
      var (scans, sum) = sums[label] ?? (0, [Double](repeating: 0, count: width))
      for column in 0..<width { sum[column] += row[column] }
      scans += 1
      sums[label] = (scans, sum)
    }
    let groups = sums.mapValues { group in (scans: group.scans, mean: group.mean.map { $0 / group.scans }) }

    // The lower triangle of the covariance within classes, row by row.
    var covariance = [Double](repeating: 0, count: width * width)
    covariance.withUnsafeMutableBufferPointer { covariance in
      for (row, label) in zip(features, classes) {
        let centred = zip(row, groups[label]!.mean).map { $0 - $1 }
        centred.withUnsafeBufferPointer { centred in
          for i in 0..<width where centred[i] != 0 {
            let factor = centred[i] / count
            for j in 0...i { covariance[i * width + j] += factor * centred[j] }
          }
        }
      }
    }
    let spread = (0..<width).reduce(0) { $0 + covariance[$1 * width + $1] } / Double(width)
    for i in 0..<width {
      for j in 0...i { covariance[i * width + j] *= 1 - shrinkage }
      covariance[i * width + i] += shrinkage * spread
    }
    guard let factor = CholeskyFactor(covariance, width: width) else {
      throw .singular(scans: features.count, features: width, shrinkage: shrinkage)
    }
    var (rows, biases): ([[Double]], [Double]) = ([], [])
    for index in new {
      let (scans, mean) = groups[index]!
      let row = factor.solved(mean)
      rows.append(row)
      biases.append(-0.5 * zip(row, mean).reduce(0) { $0 + $1.0 * $1.1 } + log(scans / count))
    }
    weights = rows
    self.biases = biases
  }

  private static func length(_ row: [Double]) -> Double { row.reduce(0) { $0 + $1 * $1 }.squareRoot() }
}
