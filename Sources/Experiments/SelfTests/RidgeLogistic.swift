import Foundation
import LinearAlgebra

/// Logistic regression with a quadratic penalty on standardized columns: the minimum of `sum log(1 + exp(-y z)) + |w|^2 / 2`, the
/// intercept free. As scikit-learn's `LogisticRegression(C=1)` after `StandardScaler`.
package struct RidgeLogistic: Sendable {
  private let means: [Double]
  private let deviations: [Double]
  /// The intercept first.
  private let weights: [Double]

  /// - Parameters:
  ///   - rows: one per example; a column that doesn't vary takes no part.
  ///   - isPositive: both answers must occur.
  package init(rows: [[Double]], isPositive: [Bool], iterations: Int = 100) {
    precondition(rows.count == isPositive.count && !rows.isEmpty, "\(rows.count) rows and \(isPositive.count) answers")
    let count = Double(rows.count)
    let width = rows[0].count
    let means = (0..<width).map { column in rows.reduce(0) { $0 + $1[column] } / count }
    let deviations = (0..<width).map { column in
      (rows.reduce(0) { $0 + ($1[column] - means[column]) * ($1[column] - means[column]) } / count).squareRoot()
    }
    let inputs = rows.map { Self.standardized($0, means, deviations) }
    var weights = [Double](repeating: 0, count: width + 1)
    // Newton's method; the penalty makes the problem strictly convex but for the intercept, which the data hold.
    for _ in 0..<iterations {
      var gradient = [0.0] + weights.dropFirst()
      var hessian = [[Double]](repeating: [Double](repeating: 0, count: width + 1), count: width + 1)
      for index in 1..<max(width + 1, 1) { hessian[index][index] = 1 }
      hessian[0][0] = 1e-9
      for (input, answer) in zip(inputs, isPositive) {
        let probability = Self.probability(weights, input)
        let error = probability - (answer ? 1 : 0)
        let curvature = max(probability * (1 - probability), 1e-12)
        for first in 0...width {
          gradient[first] += error * input[first]
          for second in 0...first { hessian[first][second] += curvature * input[first] * input[second] }
        }
      }
      let step = CholeskyFactor(ridged: hessian).solved(gradient)
      for index in weights.indices { weights[index] -= step[index] }
      if step.allSatisfy({ abs($0) < 1e-10 }) { break }
    }
    (self.means, self.deviations, self.weights) = (means, deviations, weights)
  }

  package func probability(of row: [Double]) -> Double { Self.probability(weights, Self.standardized(row, means, deviations)) }

  private static func standardized(_ row: [Double], _ means: [Double], _ deviations: [Double]) -> [Double] {
    [1] + row.indices.map { deviations[$0] > 1e-12 ? (row[$0] - means[$0]) / deviations[$0] : 0 }
  }

  private static func probability(_ weights: [Double], _ input: [Double]) -> Double {
    1 / (1 + exp(-zip(weights, input).reduce(0) { $0 + $1.0 * $1.1 }))
  }
}
