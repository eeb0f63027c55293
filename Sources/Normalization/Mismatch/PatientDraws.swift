import RandomStreams

/// Random divisions of patients into two groups: what a difference between groups is compared with. Never of scans.
package struct PatientDraws {
  /// For each draw, whether a patient falls into the first group.
  package let draws: [[Bool]]

  /// - Parameters:
  ///   - patients: all there are, of both groups.
  ///   - first: how many the first group gets.
  package init(patients: Int, first: Int, count: Int, seed: UInt64, purpose: String) {
    draws = (0..<count).map { draw in
      var stream = RandomStream(seed: seed, purpose: purpose, epoch: draw)
      var inFirst = [Bool](repeating: false, count: patients)
      for patient in Array(0..<patients).shuffled(using: &stream).prefix(first) { inFirst[patient] = true }
      return inFirst
    }
  }

  /// `(1 + count of draws at least as large) / (1 + draws)`.
  package static func pValue(of observed: Double, among draws: [Double]) -> Double {
    Double(1 + draws.count { $0 >= observed }) / Double(1 + draws.count)
  }

  /// For several statistics tested together, each one's `(1 + count of draws whose largest is at least as large) / (1 + draws)`.
  ///
  /// Each is divided by its mean over draws and observation, so that none is the largest for its units alone; the observation counts, so
  /// that it is exchangeable with the draws.
  /// - Parameter draws: by statistic, then draw; not negative.
  package static func familyWisePValues(of observed: [Double], among draws: [[Double]]) -> [Double] {
    let scales = zip(observed, draws).map { value, draws in
      max((value + draws.reduce(0, +)) / Double(draws.count + 1), .leastNormalMagnitude)
    }
    let count = draws.first?.count ?? 0
    let largest = (0..<count).map { draw in zip(draws, scales).map { $0[draw] / $1 }.max()! }
    return zip(observed, scales).map { pValue(of: $0 / $1, among: largest) }
  }

  /// The smallest value with at least `level` of the draws at or below it.
  package static func quantile(_ level: Double, of draws: [Double]) -> Double {
    let sorted = draws.sorted()
    return sorted[min(sorted.count - 1, max(0, Int((level * Double(sorted.count)).rounded(.up)) - 1))]
  }
}
