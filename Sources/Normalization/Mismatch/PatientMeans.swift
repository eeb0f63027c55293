import RandomStreams

/// Means over scans with intervals from resampling whole patients.
package struct PatientMeans {
  /// Sums of each quantity over a patient's scans, and how many scans those are.
  private let sums: [[Double]]
  private let counts: [Double]

  /// - Parameters:
  ///   - values: by scan, then quantity.
  ///   - patients: whose each scan is.
  package init<Patient: Hashable & Comparable>(_ values: [[Double]], patients: [Patient]) {
    precondition(values.count == patients.count, "\(values.count) scans of \(patients.count) patients' scans")
    let groups = Dictionary(grouping: values.indices) { patients[$0] }
    let ordered = groups.sorted { $0.key < $1.key }.map(\.value)
    let width = values.first?.count ?? 0
    sums = ordered.map { scans in (0..<width).map { quantity in scans.reduce(0) { $0 + values[$1][quantity] } } }
    counts = ordered.map { Double($0.count) }
  }

  package var patientCount: Int { counts.count }

  /// Each quantity's mean over all scans.
  package var means: [Double] { means(weights: [Double](repeating: 1, count: counts.count)) }

  package func means(weights: [Double]) -> [Double] {
    let total = zip(weights, counts).reduce(0) { $0 + $1.0 * $1.1 }
    return (sums.first?.indices ?? 0..<0).map { quantity in
      zip(weights, sums).reduce(0) { $0 + $1.0 * $1.1[quantity] } / total
    }
  }

  /// Percentile intervals of statistics of the means; nil with fewer than two patients.
  package func intervals(
    level: Double = 0.95, resamples: Int, seed: UInt64, of statistics: ([Double]) -> [Double] = { $0 }
  ) -> [(lower: Double, upper: Double)]? {
    guard counts.count > 1 else { return nil }
    var drawn: [[Double]] = []
    var weights = [Double](repeating: 0, count: counts.count)
    for resample in 0..<resamples {
      for index in weights.indices { weights[index] = 0 }
      var stream = RandomStream(seed: seed, purpose: "patient means", epoch: resample)
      for _ in counts { weights[Int.random(in: 0..<counts.count, using: &stream)] += 1 }
      drawn.append(statistics(means(weights: weights)))
    }
    let tail = (1 - level) / 2
    return drawn[0].indices.map { quantity in
      let values = drawn.map { $0[quantity] }
      return (PatientDraws.quantile(tail, of: values), PatientDraws.quantile(1 - tail, of: values))
    }
  }
}
