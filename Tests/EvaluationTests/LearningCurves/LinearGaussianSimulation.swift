import Evaluation
import Foundation
import RandomStreams

/// Linear-Gaussian patients in five folds, least squares with the first k and with all d features on nested subsets of each fold's
/// training patients, measured as the product measures networks.
struct LinearGaussianSimulation: Sendable {
  static let model = LinearGaussian(probeFeatures: 5, features: 20, omittedSignal: 0.5, noise: 1)

  var patients: Int
  var draws: Int
  var sizes: [Int]
  var folds = 5

  func measurements(seed: UInt64) throws -> CurveMeasurements {
    let model = Self.model
    let (features, probed) = (Int(model.features), Int(model.probeFeatures))
    var stream = RandomStream(seed: seed, purpose: "linear-Gaussian patients")
    // The probe's features carry a signal too, which no error depends on.
    let omitted = (model.omittedSignal / Double(features - probed)).squareRoot()
    let signal = (0..<features).map { $0 < probed ? 0.5 : omitted }
    var rows: [[Double]] = []
    var answers: [Double] = []
    for _ in 0..<patients {
      let row = (0..<features).map { _ in stream.normal() }
      rows.append(row)
      answers.append(zip(row, signal).reduce(0) { $0 + $1.0 * $1.1 } + model.noise.squareRoot() * stream.normal())
    }
    var measured: [CurveMeasurement] = []
    for fold in 0..<folds {
      let tested = (0..<patients).filter { $0 % folds == fold }
      let pool = (0..<patients).filter { $0 % folds != fold }
      for draw in 0..<draws {
        let order = pool.shuffled(using: &stream)
        for size in sizes {
          let subset = Array(order.prefix(size))
          for (name, count) in [("probe", probed), ("full", features)] {
            let weights = LeastSquares.fit(subset.map { Array(rows[$0].prefix(count)) }, subset.map { answers[$0] })
            let errors = tested.map { patient in
              let residual = answers[patient] - zip(rows[patient], weights).reduce(0) { $0 + $1.0 * $1.1 }
              return PatientError(patient: "p\(patient)", loss: residual * residual)
            }
            measured.append(CurveMeasurement(strategy: name, size: size, fold: fold, draw: draw, errors: errors))
          }
        }
      }
    }
    return try CurveMeasurements(measured, poolSize: patients - (patients + folds - 1) / folds)
  }
}

/// Normal equations by Cholesky's factors.
enum LeastSquares {
  static func fit(_ rows: [[Double]], _ answers: [Double]) -> [Double] {
    let count = rows[0].count
    var matrix = [[Double]](repeating: [Double](repeating: 0, count: count), count: count)
    var right = [Double](repeating: 0, count: count)
    for (row, answer) in zip(rows, answers) {
      for i in 0..<count {
        right[i] += row[i] * answer
        for j in 0...i { matrix[i][j] += row[i] * row[j] }
      }
    }
    for i in 0..<count {
      for j in 0...i {
        var sum = matrix[i][j]
        for k in 0..<j { sum -= matrix[i][k] * matrix[j][k] }
        matrix[i][j] = i == j ? sum.squareRoot() : sum / matrix[j][j]
      }
    }
    for i in 0..<count {
      for j in 0..<i { right[i] -= matrix[i][j] * right[j] }
      right[i] /= matrix[i][i]
    }
    for i in (0..<count).reversed() {
      for j in (i + 1)..<count { right[i] -= matrix[j][i] * right[j] }
      right[i] /= matrix[i][i]
    }
    return right
  }
}
