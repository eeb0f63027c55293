/// How much less the mean over draws of training subsets seems to vary than it does, because subsets of one cohort share patients.
///
/// Near its optimum a fit's excess error is quadratic in the sampling error of what it learned, so the errors of two fits that share a part f
/// of their n patients correlate by about f² (a degenerate U-statistic; Lee, "U-Statistics", 1990), which in the linear-Gaussian simulation
/// (`tools/check-crossing`) makes the intervals hold. Draws of one fold share n/M of the M patients they are drawn from, draws of
/// two folds those in both folds' training patients. Deviations of a fold's draws show `1 - (n/M)²` of a draw's variance; the mean of
/// all D draws varies by `1/D + shared`.
package struct SubsetOverlap: Sendable {
  private let poolSize: Double
  private let draws: Double
  /// Over pairs of different draws: the share of pairs of one fold, and the others by their shared part per patient drawn.
  private let sameFold: Double
  private let otherFolds: [(share: Double, perPatient: Double)]

  /// At this part of the pool and above, subsets hardly differ and say little of how others would.
  static let largestPart = 0.95

  package init(_ measurements: CurveMeasurements) {
    let folds = measurements.folds
    poolSize = Double(measurements.poolSize)
    draws = Double(folds.reduce(0) { $0 + $1.draws })
    let pairs = max(draws * (draws - 1), 1)
    sameFold = folds.reduce(0.0) { $0 + Double($1.draws * ($1.draws - 1)) } / pairs
    let tested = folds.map { Set($0.patients) }
    // Patients of folds that weren't measured were tested by nobody, but they are trained on.
    let everyone = Double(max(measurements.patients.count, measurements.poolSize + (tested.map(\.count).max() ?? 0)))
    var others: [(share: Double, perPatient: Double)] = []
    for first in folds.indices {
      for second in folds.indices.dropFirst(first + 1) {
        let pools = (everyone - Double(tested[first].count)) * (everyone - Double(tested[second].count))
        let common = everyone - Double(tested[first].union(tested[second]).count)
        others.append((2 * Double(folds[first].draws * folds[second].draws) / pairs, pools > 0 ? common / pools : 1 / poolSize))
      }
    }
    otherFolds = others
  }

  /// What a draw's deviation from its fold's mean is multiplied by.
  package func enlargement(size: Int) -> Double {
    let part = min(Double(size) / poolSize, Self.largestPart)
    let shared = otherFolds.reduce(sameFold * part * part) { sum, pair in
      let common = min(pair.perPatient * Double(size), 1)
      return sum + pair.share * common * common
    }
    return ((1 + (draws - 1) * shared) / (1 - part * part)).squareRoot()
  }
}
