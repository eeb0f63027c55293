import Foundation
import RandomStreams

/// Intervals from resampling whole patients, with all their scans, within strata of patient label.
///
/// The draws depend on the seed and on the patients' ids and labels only, so every model, metric and pair compared on one cohort sees
/// the same resamples, and differences are paired. Efron, "Better bootstrap confidence intervals", 1987; for several strata Davison and
/// Hinkley, "Bootstrap Methods and their Application", 1997, section 5.3.
public struct PatientBootstrap: Hashable, Codable, Sendable {
  /// How an interval is read off the resamples.
  public enum Method: String, Hashable, Codable, Sendable {
    case percentile
    /// Bias-corrected and accelerated; the acceleration from leaving out one patient at a time.
    case biasCorrectedAccelerated = "bca"
  }

  public var seed: UInt64
  public var resamples: Int
  public var level: Double
  public var method: Method

  public init(seed: UInt64, resamples: Int = 2000, level: Double = 0.95, method: Method = .biasCorrectedAccelerated) {
    precondition(resamples >= 2 && level > 0 && level < 1, "\(resamples) resamples at level \(level)")
    self.seed = seed
    self.resamples = resamples
    self.level = level
    self.method = method
  }

  /// A metric over folds, put together as its `aggregation` says, with its interval; `nil` where the metric is undefined.
  ///
  /// - Parameter thresholds: a threshold per fold, for the metrics that need one.
  public func estimate(_ metric: Metric, ofFolds folds: [[Prediction]], thresholds: [DecisionThreshold?] = []) -> Estimate? {
    let patients = PatientTable(folds: folds)
    let prepared = PreparedMetrics([metric], folds: folds, thresholds: thresholds, patients: patients)
    guard let sample = sample(patients: patients, statistic: { prepared.values(weights: $0)[0] }) else { return nil }
    return Estimate(
      metric: metric, value: sample.value, interval: sample.interval, patients: patients.ids.count,
      patientsPerClass: patients.patientsPerClass, scans: patients.scanCount, undefinedResamples: sample.undefined)
  }

  /// Candidate minus reference over the same scans, fold by fold, with the interval of the difference.
  ///
  /// - Throws: `ComparisonError` when the two are not predictions of the same scans.
  public func difference(
    _ metric: Metric, candidateFolds: [[Prediction]], referenceFolds: [[Prediction]], candidateThresholds: [DecisionThreshold?] = [],
    referenceThresholds: [DecisionThreshold?] = []
  ) throws(ComparisonError) -> PairedDifference? {
    try requireSameScans(candidateFolds, referenceFolds)
    let patients = PatientTable(folds: referenceFolds)
    let candidate = PreparedMetrics([metric], folds: candidateFolds, thresholds: candidateThresholds, patients: patients)
    let reference = PreparedMetrics([metric], folds: referenceFolds, thresholds: referenceThresholds, patients: patients)
    let ones = patients.ones
    guard let candidateValue = candidate.values(weights: ones)[0], let referenceValue = reference.values(weights: ones)[0] else {
      return nil
    }
    let difference = { (weights: [Double]) -> Double? in
      guard let first = candidate.values(weights: weights)[0], let second = reference.values(weights: weights)[0] else { return nil }
      return first - second
    }
    guard let sample = sample(patients: patients, statistic: difference) else { return nil }
    return PairedDifference(
      metric: metric, reference: referenceValue, candidate: candidateValue, difference: sample.value, interval: sample.interval,
      patients: patients.ids.count, patientsPerClass: patients.patientsPerClass, scans: patients.scanCount,
      undefinedResamples: sample.undefined)
  }

  /// As above for one set of predictions each.
  public func estimate(_ metric: Metric, of predictions: [Prediction]) -> Estimate? { estimate(metric, ofFolds: [predictions]) }

  public func difference(
    _ metric: Metric, candidate: [Prediction], reference: [Prediction]
  ) throws(ComparisonError) -> PairedDifference? {
    try difference(metric, candidateFolds: [candidate], referenceFolds: [reference])
  }

  // MARK: the resampling itself

  private struct Sample {
    let value: Double
    let interval: Interval?
    let undefined: Int
  }

  private func sample(patients: PatientTable, statistic: ([Double]) -> Double?) -> Sample? {
    guard let value = statistic(patients.ones) else { return nil }
    guard patients.ids.count > 1 else { return Sample(value: value, interval: nil, undefined: 0) }

    var values: [Double] = []
    values.reserveCapacity(resamples)
    var weights = [Double](repeating: 0, count: patients.ids.count)
    for index in 0..<resamples {
      drawWeights(&weights, resample: index, strata: patients.strata)
      if let resampled = statistic(weights) { values.append(resampled) }
    }
    let undefined = resamples - values.count
    guard undefined * 10 <= resamples else { return Sample(value: value, interval: nil, undefined: undefined) }
    values.sort()

    let tail = (1 - level) / 2
    var lowerShare = tail
    var upperShare = 1 - tail
    if method == .biasCorrectedAccelerated {
      let acceleration = acceleration(patients: patients, value: value, statistic: statistic)
      let shares = correctedShares(values: values, value: value, acceleration: acceleration, tail: tail)
      (lowerShare, upperShare) = shares
    }
    let interval = Interval(lower: quantile(values, lowerShare), upper: quantile(values, upperShare), level: level)
    return Sample(value: value, interval: interval, undefined: undefined)
  }

  /// Draws as many patients from each stratum as it has, with replacement.
  func drawWeights(_ weights: inout [Double], resample: Int, strata: [[Int]]) {
    for index in weights.indices { weights[index] = 0 }
    var stream = RandomStream(seed: seed, purpose: "patient bootstrap", epoch: resample)
    for stratum in strata {
      for _ in stratum { weights[stratum[Int.random(in: 0..<stratum.count, using: &stream)]] += 1 }
    }
  }

  /// `sum(l^3/n^3) / 6 sum(l^2/n^2)^1.5` over strata of n patients, `l` the patients' jackknife influences. Past a thousand patients a
  /// stratum's are left out in a thousand groups, whose influences are the sums of their members'.
  private func acceleration(patients: PatientTable, value: Double, statistic: ([Double]) -> Double?) -> Double {
    var weights = patients.ones
    var cubes = 0.0
    var squares = 0.0
    for stratum in patients.strata where stratum.count > 1 {
      let groups = min(stratum.count, 1000)
      let leftOut: [Double] = (0..<groups).compactMap { group in
        let members = stride(from: group, to: stratum.count, by: groups)
        for member in members { weights[stratum[member]] = 0 }
        defer { for member in members { weights[stratum[member]] = 1 } }
        return statistic(weights)
      }
      let centre = leftOut.reduce(0, +) / Double(max(1, leftOut.count))
      for other in leftOut {
        let influence = (1 - 1 / Double(groups)) * (centre - other)
        cubes += influence * influence * influence
        squares += influence * influence
      }
    }
    return squares > 0 ? cubes / (6 * pow(squares, 1.5)) : 0
  }

  private func correctedShares(values: [Double], value: Double, acceleration: Double, tail: Double) -> (Double, Double) {
    var below = 0.0
    for resampled in values { below += resampled < value ? 1 : resampled == value ? 0.5 : 0 }
    // A value outside every resample would give an infinite bias; half a resample keeps it finite.
    let count = Double(values.count)
    let bias = NormalDistribution.quantile(min(max(below, 0.5), count - 0.5) / count)
    func share(_ probability: Double) -> Double {
      let shifted = bias + NormalDistribution.quantile(probability)
      return NormalDistribution.cumulative(bias + shifted / (1 - acceleration * shifted))
    }
    return (share(tail), share(1 - tail))
  }

  private func requireSameScans(_ candidate: [[Prediction]], _ reference: [[Prediction]]) throws(ComparisonError) {
    for (fold, (first, second)) in zip(candidate, reference).enumerated() {
      let known = Dictionary(second.map { ($0.scan, $0) }, uniquingKeysWith: { old, _ in old })
      for prediction in first {
        guard let other = known[prediction.scan], other.patient == prediction.patient, other.label == prediction.label else {
          throw ComparisonError(fold: fold, scan: prediction.scan)
        }
      }
      if first.count != second.count {
        let present = Set(first.map(\.scan))
        throw ComparisonError(fold: fold, scan: second.first { !present.contains($0.scan) }?.scan ?? second.last?.scan ?? "")
      }
    }
    if candidate.count != reference.count {
      throw ComparisonError(fold: min(candidate.count, reference.count), scan: "")
    }
  }
}
