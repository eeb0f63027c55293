import Evaluation
import Foundation
import Normalization

/// How often each class occurs on a scanner, from a model's answers there and no label of its scans.
///
/// Holds where only the classes' shares moved and the images of a class look as they did: a scanner that looks different breaks the
/// assumption, and then this describes the model's answers rather than the patients.
public struct LabelShiftEstimate: Hashable, Codable, Sendable {
  public enum Method: String, Hashable, Codable, Sendable {
    /// Saerens, Latinne and Decaestecker 2002: the shares under which the model's probabilities are calibrated.
    case expectationMaximization = "EM"
    /// Lipton, Wang and Smola 2018, black-box shift estimation: `w = C^-1 mu` with the confusion matrix of labelled source scans.
    case blackBox = "BBSE"
  }

  public let method: Method
  /// The shares that the model was trained under, as taken here.
  public let prior: [Double]
  /// By class index, with 95 % intervals from resampling patients; nil with fewer than two.
  public let shares: [Double]
  public let intervals: [Interval]?

  /// Whether some class's interval leaves out the prior.
  public var isBeyondChance: Bool {
    guard let intervals else { return false }
    return zip(intervals, prior).contains { $0.lower > $1 || $0.upper < $1 }
  }

  /// The largest change of a class's share.
  public var largestChange: Double { zip(shares, prior).map { abs($0 - $1) }.max() ?? 0 }
}

extension LabelShiftEstimate {
  /// `w_j <- mean_i [(w_j / pi_j) p_ij / sum_k (w_k / pi_k) p_ik]` until nothing moves.
  ///
  /// - Parameter prior: the classes' shares in training; equal ones unless known.
  public static func byExpectationMaximization(
    _ predictions: [Prediction], prior: [Double]? = nil, resamples: Int = 200, seed: UInt64 = 0
  ) -> LabelShiftEstimate? {
    guard let classes = predictions.first?.probabilities.count, classes > 1 else { return nil }
    let prior = prior ?? [Double](repeating: 1 / Double(classes), count: classes)
    let rows = predictions.map(\.probabilities)
    let drawn = PatientWeights(predictions.map(\.patient)).resampled(resamples, seed: seed) { weights in
      maximizedShares(rows, prior: prior, weights: weights)
    }
    let ones = [Double](repeating: 1, count: rows.count)
    return LabelShiftEstimate(
      method: .expectationMaximization, prior: prior, shares: maximizedShares(rows, prior: prior, weights: ones), intervals: drawn)
  }

  static func maximizedShares(_ rows: [[Double]], prior: [Double], weights: [Double]) -> [Double] {
    let total = weights.reduce(0, +)
    var shares = prior
    for _ in 0..<200 {
      var sums = [Double](repeating: 0, count: prior.count)
      for (row, weight) in zip(rows, weights) where weight > 0 {
        let scaled = row.indices.map { prior[$0] > 0 ? shares[$0] / prior[$0] * row[$0] : 0 }
        let sum = scaled.reduce(0, +)
        guard sum > 0 else { continue }
        for index in sums.indices { sums[index] += weight * scaled[index] / sum }
      }
      let next = sums.map { $0 / total }
      let change = zip(next, shares).map { abs($0 - $1) }.max()!
      shares = next
      if change < 1e-6 { break }
    }
    return shares
  }

  /// `w = C^-1 mu`, negative shares cut to 0; nil where the source model can't tell the classes apart (`C` is singular) or misses one.
  ///
  /// - Parameters:
  ///   - predictions: on the target; labels aren't read.
  ///   - source: labelled predictions on source patients that the model wasn't trained on.
  public static func byBlackBox(
    _ predictions: [Prediction], source: [Prediction], resamples: Int = 200, seed: UInt64 = 0
  ) -> LabelShiftEstimate? {
    let labelled = source.filter { $0.label != nil }
    guard let classes = predictions.first?.probabilities.count, classes > 1 else { return nil }
    let ones = { (count: Int) in [Double](repeating: 1, count: count) }
    guard let estimate = blackBoxShares(predictions, ones(predictions.count), labelled, ones(labelled.count), classes) else { return nil }
    let target = PatientWeights(predictions.map(\.patient))
    let reference = PatientWeights(labelled.map(\.patient))
    var drawn: [[Double]] = []
    if target.patients > 1, reference.patients > 1 {
      for resample in 0..<resamples {
        let here = target.drawn(resample, seed: seed, purpose: "label shift, target")
        let there = reference.drawn(resample, seed: seed, purpose: "label shift, source")
        if let shares = blackBoxShares(predictions, here, labelled, there, classes) { drawn.append(shares) }
      }
    }
    // As for a metric: undefined in more than a tenth of the resamples is no interval.
    let intervals = drawn.count * 10 >= resamples * 9 ? PatientWeights.intervals(of: drawn) : nil
    let counts = (0..<classes).map { label in Double(labelled.count { $0.label == label }) }
    return LabelShiftEstimate(
      method: .blackBox, prior: counts.map { $0 / Double(labelled.count) }, shares: estimate, intervals: intervals)
  }

  private static func blackBoxShares(
    _ target: [Prediction], _ targetWeights: [Double], _ source: [Prediction], _ sourceWeights: [Double], _ classes: Int
  ) -> [Double]? {
    var decided = [Double](repeating: 0, count: classes)
    for (prediction, weight) in zip(target, targetWeights) { decided[prediction.decision] += weight }
    let total = decided.reduce(0, +)
    // C[i][j]: the share decided i among the scans of class j.
    var confusion = [[Double]](repeating: [Double](repeating: 0, count: classes), count: classes)
    var perClass = [Double](repeating: 0, count: classes)
    for (prediction, weight) in zip(source, sourceWeights) {
      confusion[prediction.decision][prediction.label!] += weight
      perClass[prediction.label!] += weight
    }
    guard total > 0, perClass.allSatisfy({ $0 > 0 }) else { return nil }
    for row in 0..<classes { for column in 0..<classes { confusion[row][column] /= perClass[column] } }
    guard let shares = solved(confusion, decided.map { $0 / total }) else { return nil }
    let cut = shares.map { max($0, 0) }
    let sum = cut.reduce(0, +)
    return sum > 0 ? cut.map { $0 / sum } : nil
  }

  /// Gaussian elimination with partial pivoting; nil for a matrix that is singular to within 1e-6.
  private static func solved(_ matrix: [[Double]], _ right: [Double]) -> [Double]? {
    var rows = zip(matrix, right).map { $0 + [$1] }
    let count = rows.count
    for column in 0..<count {
      let pivot = (column..<count).max { abs(rows[$0][column]) < abs(rows[$1][column]) }!
      guard abs(rows[pivot][column]) > 1e-6 else { return nil }
      rows.swapAt(column, pivot)
      for row in 0..<count where row != column {
        let factor = rows[row][column] / rows[column][column]
        for index in column...count { rows[row][index] -= factor * rows[column][index] }
      }
    }
    return (0..<count).map { rows[$0][count] / rows[$0][$0] }
  }
}
