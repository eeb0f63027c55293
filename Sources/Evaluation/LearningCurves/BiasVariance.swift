import RandomStreams

/// What models fitted on several training subsets of one size said about one scan none of them was fitted on.
public struct RepeatedPrediction: Hashable, Codable, Sendable {
  public let scan: String
  public let patient: String
  public let label: Int
  /// By draw of the training subset: one probability per class.
  public let probabilities: [[Double]]

  public init(scan: String, patient: String, label: Int, probabilities: [[Double]]) {
    self.scan = scan
    self.patient = patient
    self.label = label
    self.probabilities = probabilities
  }
}

/// How much of a strategy's error comes from which patients it happened to be fitted on, and how much from what it can't learn.
///
/// For Brier's score, `sum over classes of (p_k - y_k)²`, over R subsets of one size: **variance** is the mean over scans of
/// `sum_k Var_R p_k` (unbiased, R - 1), **bias² (with noise)** the score of the mean probabilities less variance/R, by which so few
/// subsets leave the mean uncertain; together they are the average score exactly. Bias and the labels' noise can't be told apart.
/// Geman, Bienenstock and Doursat, "Neural networks and the bias/variance dilemma", Neural Computation 1992.
public struct BiasVariance: Hashable, Codable, Sendable {
  /// bias² and noise.
  public let bias: Double
  public let variance: Double
  /// The average of the subsets' scores: `bias + variance`.
  public let brier: Double
  /// By resampled patients. Subsets that share most of their patients vary less than others would: the variance is that of these subsets.
  public let biasInterval: Interval
  public let varianceInterval: Interval
  public let scans: Int
  public let patients: Int
  /// The fewest subsets of a scan.
  public let subsets: Int

  /// - Returns: `nil` with fewer than two patients, or a scan with fewer than two subsets: nothing would show the variance.
  public init?(_ predictions: [RepeatedPrediction], seed: UInt64, resamples: Int = 1000, level: Double = 0.95) {
    guard let subsets = predictions.map(\.probabilities.count).min(), subsets >= 2 else { return nil }
    let byPatient = Dictionary(grouping: predictions) { $0.patient }.sorted { $0.key < $1.key }.map { Parts($0.value) }
    guard byPatient.count >= 2 else { return nil }
    let all = byPatient.reduce(Parts(), +)
    (bias, variance, brier) = (all.bias / all.scans, all.variance / all.scans, all.brier / all.scans)
    var (biases, variances): ([Double], [Double]) = ([], [])
    for resample in 0..<resamples {
      var stream = RandomStream(seed: seed, purpose: "bias and variance", epoch: resample)
      var sum = Parts()
      // One fewer than there are, so that few patients don't vary too little.
      for _ in 1..<byPatient.count { sum = sum + byPatient[Int.random(in: byPatient.indices, using: &stream)] }
      biases.append(sum.bias / sum.scans)
      variances.append(sum.variance / sum.scans)
    }
    let tail = (1 - level) / 2
    func interval(_ values: [Double]) -> Interval {
      let sorted = values.sorted()
      return Interval(lower: quantile(sorted, tail), upper: quantile(sorted, 1 - tail), level: level)
    }
    (biasInterval, varianceInterval) = (interval(biases), interval(variances))
    (scans, patients, self.subsets) = (predictions.count, byPatient.count, subsets)
  }
}

/// Sums over scans.
private struct Parts {
  var bias = 0.0
  var variance = 0.0
  var brier = 0.0
  var scans = 0.0

  init() {}

  init(_ predictions: [RepeatedPrediction]) {
    for prediction in predictions {
      let count = Double(prediction.probabilities.count)
      for label in prediction.probabilities[0].indices {
        let truth = label == prediction.label ? 1.0 : 0
        let column = prediction.probabilities.map { $0[label] }
        let mean = column.reduce(0, +) / count
        let spread = column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
        variance += spread
        bias += (mean - truth) * (mean - truth) - spread / count
        brier += column.reduce(0) { $0 + ($1 - truth) * ($1 - truth) } / count
      }
      scans += 1
    }
  }

  static func + (first: Parts, second: Parts) -> Parts {
    var sum = first
    sum.bias += second.bias
    sum.variance += second.variance
    sum.brier += second.brier
    sum.scans += second.scans
    return sum
  }
}
