import Foundation

/// The average log likelihood of the labels when they are predicted through the network's own classes: `mean_i log sum_z P(y_i|z) p_i(z)`, with
/// `P(y|z)` from the summed probabilities of source class z over the scans labelled y. At most 0; higher is better.
///
/// Nguyen et al., "LEEP: a new measure to evaluate transferability of learned representations", ICML 2020. It ranks; it doesn't predict.
public enum LEEP {
  /// - Parameters:
  ///   - probabilities: the source model's, one row a scan.
  ///   - labels: an index of one's own classes for each row.
  /// - Returns: `nil` without scans.
  public static func score(probabilities: [[Double]], labels: [Int]) -> Double? {
    precondition(probabilities.count == labels.count, "\(probabilities.count) rows of probabilities for \(labels.count) labels")
    guard let first = probabilities.first else { return nil }
    let classCount = labels.max()! + 1
    var joint = [[Double]](repeating: [Double](repeating: 0, count: classCount), count: first.count)
    for (row, label) in zip(probabilities, labels) {
      for (source, probability) in row.enumerated() { joint[source][label] += probability }
    }
    let given = joint.map { row in
      let total = row.reduce(0, +)
      return row.map { total > 0 ? $0 / total : 0 }
    }
    let sum = zip(probabilities, labels).reduce(0.0) { sum, scan in
      sum + log(zip(scan.0, given).reduce(0) { $0 + $1.0 * $1.1[scan.1] })
    }
    return sum / Double(labels.count)
  }
}
