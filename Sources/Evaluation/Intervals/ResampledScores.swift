import Foundation

/// A model's predictions on patients it wasn't fitted on, fold by fold.
public struct HeldOutPredictions: Hashable, Sendable {
  public var folds: [[Prediction]]
  /// A threshold per fold, chosen on other patients; empty where nobody chose any.
  public var thresholds: [DecisionThreshold?]

  public init(folds: [[Prediction]], thresholds: [DecisionThreshold?] = []) {
    self.folds = folds
    self.thresholds = thresholds
  }
}

/// Metrics of one model with their values under every resample of the patients: estimates with intervals, and differences from
/// another model scored in the same resamples.
public struct ResampledScores: Sendable {
  public let metrics: [Metric]
  public let predictions: HeldOutPredictions
  let patients: PatientTable
  private(set) var bootstrap: PatientBootstrap
  private let prepared: PreparedMetrics
  private let values: [Double?]
  /// By metric, then resample.
  private var resampled: [[Double]]
  /// By metric, then stratum, then group.
  private var leftOut: [[[Double]]]

  init(_ metrics: [Metric], of predictions: HeldOutPredictions, patients: PatientTable, bootstrap: PatientBootstrap) {
    self.metrics = metrics
    self.predictions = predictions
    self.patients = patients
    self.bootstrap = bootstrap
    prepared = PreparedMetrics(metrics, folds: predictions.folds, thresholds: predictions.thresholds, patients: patients)
    values = prepared.values(weights: patients.ones)
    resampled = metrics.map { _ in [] }
    leftOut = metrics.map { _ in patients.strata.map { _ in [] } }
  }

  mutating func resample(weights: [Double]) {
    for (index, value) in prepared.values(weights: weights).enumerated() { resampled[index].append(value ?? .nan) }
  }

  mutating func leaveOut(stratum: Int, weights: [Double]) {
    for (index, value) in prepared.values(weights: weights).enumerated() { leftOut[index][stratum].append(value ?? .nan) }
  }

  /// `nil` where the metric is undefined, or isn't among these.
  func statistic(_ metric: Metric) -> ResampledStatistic? {
    guard let index = metrics.firstIndex(of: metric), let value = values[index] else { return nil }
    return ResampledStatistic(value: value, resampled: resampled[index], leftOut: leftOut[index])
  }

  /// In the order of the metrics; `nil` where undefined.
  public var estimates: [Estimate?] { metrics.map(estimate) }

  public func estimate(_ metric: Metric) -> Estimate? {
    guard let statistic = statistic(metric) else { return nil }
    var interval: Interval?
    var method: IntervalMethod?
    if bootstrap.method == .automatic, let closed = closedForm(metric) { (interval, method) = (closed.0, closed.1) }
    let outcome = resampledInterval(statistic, bootstrap.method.ofResamples)
    if interval == nil { (interval, method) = (outcome.interval, outcome.interval == nil ? nil : bootstrap.method.ofResamples) }
    return Estimate(
      metric: metric, value: statistic.value, interval: interval, method: method, missing: interval == nil ? outcome.missing : nil,
      bootstrapInterval: outcome.interval, standardError: statistic.jackknife?.variance.squareRoot(), patients: patients.ids.count,
      patientsPerClass: patients.patientsPerClass, scans: patients.scanCount, undefinedResamples: statistic.undefined)
  }

  /// This model minus the reference, in the order of the metrics; `nil` where either is undefined. The two were scored together.
  public func differences(from reference: ResampledScores) -> [PairedDifference?] {
    precondition(
      bootstrap == reference.bootstrap && metrics == reference.metrics && patients.ids == reference.patients.ids,
      "scores of different resamples")
    let isSame = predictions == reference.predictions
    return metrics.map { difference($0, from: reference, isSame: isSame) }
  }

  private func difference(_ metric: Metric, from reference: ResampledScores, isSame: Bool) -> PairedDifference? {
    guard let own = statistic(metric), let other = reference.statistic(metric) else { return nil }
    let statistic = own - other
    let resampled = resampledInterval(statistic, bootstrap.method.ofResamples)
    var interval = resampled.interval
    var method = interval == nil ? nil : bootstrap.method.ofResamples
    var pValue = statistic.studentInterval(level: bootstrap.level)?.pValue
    if isSame {
      interval = Interval(lower: 0, upper: 0, level: bootstrap.level)
      (method, pValue) = (.identical, 1)
    } else if bootstrap.method == .automatic, resampled.missing == nil {
      if let areas = areaComparison(metric, from: reference) {
        (interval, method, pValue) = (areas.interval, .clusteredAreaDifference, areas.pValue)
      } else if let student = statistic.studentInterval(level: bootstrap.level) {
        (interval, method, pValue) = (student.interval, .jackknife, student.pValue)
      }
    }
    if interval == nil, resampled.missing == .noSpread, let unanimous = unanimousInterval(metric, statistic.value) {
      (interval, method, pValue) = (unanimous, .unanimous, nil)
    }
    if interval == nil { pValue = nil }
    return PairedDifference(
      metric: metric, reference: other.value, candidate: own.value, difference: statistic.value, interval: interval, method: method,
      missing: interval == nil ? resampled.missing : nil, pValue: pValue,
      standardError: statistic.jackknife?.variance.squareRoot(), bootstrapInterval: resampled.interval, patients: patients.ids.count,
      patientsPerClass: patients.patientsPerClass, scans: patients.scanCount, undefinedResamples: statistic.undefined)
  }

  /// The same resamples, read at another level.
  func atLevel(_ level: Double) -> ResampledScores {
    var copy = self
    copy.bootstrap.level = level
    return copy
  }

  // MARK: intervals

  /// Where every patient shows the same difference: a share p of others may show none of it but the worst or the best there is. With n
  /// patients of the rarest class who don't, p is at most `1 - (alpha / 2)^(1/n)` (Clopper and Pearson). `nil` for a difference of nothing,
  /// and for metrics without a worst value.
  private func unanimousInterval(_ metric: Metric, _ difference: Double) -> Interval? {
    guard metric.isShare, difference != 0, let fewest = patients.patientsPerClass.filter({ $0 > 0 }).min() else { return nil }
    let others = 1 - pow((1 - bootstrap.level) / 2, 1 / Double(fewest))
    return Interval(
      lower: (1 - others) * difference - others, upper: min(1, (1 - others) * difference + others), level: bootstrap.level)
  }

  private func resampledInterval(_ statistic: ResampledStatistic, _ method: IntervalMethod) -> (
    interval: Interval?, missing: MissingInterval?
  ) {
    guard patients.ids.count > 1 else { return (nil, .tooFewPatients(found: patients.ids.count)) }
    let undefined = statistic.undefined
    guard undefined * 10 <= statistic.resampled.count else {
      return (nil, .undefinedResamples(count: undefined, of: statistic.resampled.count))
    }
    let interval = statistic.bootstrapInterval(method, level: bootstrap.level)
    return (interval, interval == nil ? .noSpread : nil)
  }

  private var isBinary: Bool { predictions.folds.joined().first?.probabilities.count == 2 }

  private func closedForm(_ metric: Metric) -> (Interval, IntervalMethod)? {
    if metric == .auroc, isBinary {
      return ClusteredArea(folds: predictions.folds, patients: patients)?.logitInterval(level: bootstrap.level).map {
        ($0, .clusteredAreaLogit)
      }
    }
    guard let shares = prepared.proportions(of: metric) else { return nil }
    if metric == .balancedAccuracy {
      return ClusteredProportion.mean(of: shares, level: bootstrap.level).map { ($0, .recoveredVariance) }
    }
    return shares.first.flatMap { share in share.interval(level: bootstrap.level).map { ($0, share.method) } }
  }

  private func areaComparison(_ metric: Metric, from reference: ResampledScores) -> AreaComparison? {
    guard metric == .auroc, isBinary,
      let candidate = ClusteredArea(folds: predictions.folds, patients: patients),
      let other = ClusteredArea(folds: reference.predictions.folds, patients: patients)
    else { return nil }
    let comparison = AreaComparison(candidate: candidate, reference: other, level: bootstrap.level)
    return comparison.flatMap { $0.standardError > 0 ? $0 : nil }
  }
}

extension PatientBootstrap.Method {
  /// What is read off the resamples where no closed form applies.
  var ofResamples: IntervalMethod {
    switch self {
    case .automatic, .expanded: .expandedBootstrap
    case .biasCorrectedAccelerated: .bootstrap
    case .percentile: .percentile
    }
  }
}
