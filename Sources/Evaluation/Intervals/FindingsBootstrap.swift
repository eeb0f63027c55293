/// Findings of one model prepared once: a resample of patients then costs a pass over their scans.
private struct PreparedFindings {
  let metric: Metric
  let patients: PatientTable
  private let prepared: [PreparedMetrics]
  /// By finding: patients with a scan in which it is absent, and with one in which it is present.
  let patientsPerClass: [Int]

  /// Every patient with any label is resampled, all findings at once, in one stratum.
  init(_ metric: Metric, folds: [[MultiLabelPrediction]]) {
    self.metric = metric
    let known = folds.map { $0.filter { $0.labels.contains { $0 != nil } } }
    let patients = PatientTable(
      folds: known.map { fold in
        fold.map { Prediction(scan: $0.scan, patient: $0.patient, scanner: $0.scanner, label: 0, probabilities: [1]) }
      })
    let count = known.lazy.compactMap(\.first).first?.labels.count ?? 0
    prepared = (0..<count).map { finding in
      PreparedMetrics([metric], folds: known.map { $0.map { $0.prediction(of: finding) } }, patients: patients)
    }
    self.patients = patients
    patientsPerClass = (0..<count).flatMap { finding in
      [false, true].map { value in Set(known.joined().filter { $0.labels[finding] == value }.map(\.patient)).count }
    }
  }

  /// The mean over the findings in which the metric is defined under these weights.
  func macro(_ weights: [Double]) -> Double? {
    let values = prepared.compactMap { $0.values(weights: weights)[0] }
    return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }

  var value: Double? { macro(patients.ones) }
}

extension PatientBootstrap {
  /// Each finding's metric with its interval, from the patients labelled for it; `nil` where undefined.
  public func estimates(_ metric: Metric, ofFolds folds: [[MultiLabelPrediction]]) -> [Estimate?] {
    (0..<(folds.lazy.compactMap(\.first).first?.labels.count ?? 0)).map { finding in
      estimate(metric, ofFolds: folds.map { $0.map { $0.prediction(of: finding) } })
    }
  }

  /// As above for one set of predictions.
  public func estimates(_ metric: Metric, of predictions: [MultiLabelPrediction]) -> [Estimate?] {
    estimates(metric, ofFolds: [predictions])
  }

  /// The mean over findings with its interval; `nil` where none is defined.
  public func macroEstimate(_ metric: Metric, ofFolds folds: [[MultiLabelPrediction]]) -> MacroEstimate? {
    let findings = PreparedFindings(metric, folds: folds)
    guard let value = findings.value else { return nil }
    let statistic = statistic(value: value, of: findings.patients) { findings.macro($0) ?? .nan }
    return MacroEstimate(metric: metric, value: value, interval: interval(statistic), patients: findings.patients.ids.count)
  }

  /// As above for one set of predictions.
  public func macroEstimate(_ metric: Metric, of predictions: [MultiLabelPrediction]) -> MacroEstimate? {
    macroEstimate(metric, ofFolds: [predictions])
  }

  /// Candidate minus reference of the mean over findings, on the same scans and in the same resamples; `nil` where either is undefined.
  ///
  /// Its patients per class are, finding after finding, those without and those with it.
  /// - Throws: `ComparisonError` when the two are not predictions of the same scans.
  public func macroDifference(
    _ metric: Metric, candidateFolds: [[MultiLabelPrediction]], referenceFolds: [[MultiLabelPrediction]]
  ) throws(ComparisonError) -> PairedDifference? {
    func labels(_ folds: [[MultiLabelPrediction]]) -> [[Prediction]] { folds.map { $0.map { $0.prediction(of: 0) } } }
    try requireSameScans(labels(candidateFolds), labels(referenceFolds))
    let (own, other) = (PreparedFindings(metric, folds: candidateFolds), PreparedFindings(metric, folds: referenceFolds))
    guard let candidate = own.value, let reference = other.value else { return nil }
    let statistic = statistic(value: candidate - reference, of: own.patients) { weights in
      guard let first = own.macro(weights), let second = other.macro(weights) else { return .nan }
      return first - second
    }
    let isSame = candidateFolds == referenceFolds
    let interval = isSame ? Interval(lower: 0, upper: 0, level: level) : self.interval(statistic)
    let missing: MissingInterval? =
      interval != nil
      ? nil
      : own.patients.ids.count < 2
        ? .tooFewPatients(found: own.patients.ids.count)
        : statistic.undefined * 10 > resamples ? .undefinedResamples(count: statistic.undefined, of: resamples) : .noSpread
    return PairedDifference(
      metric: metric, reference: reference, candidate: candidate, difference: candidate - reference, interval: interval,
      method: isSame ? .identical : interval == nil ? nil : method.ofResamples, missing: missing, pValue: nil,
      standardError: statistic.jackknife?.variance.squareRoot(), bootstrapInterval: interval, patients: own.patients.ids.count,
      patientsPerClass: own.patientsPerClass, scans: own.patients.scanCount, undefinedResamples: statistic.undefined)
  }

  private func statistic(value: Double, of patients: PatientTable, _ body: ([Double]) -> Double) -> ResampledStatistic {
    guard patients.ids.count > 1 else { return ResampledStatistic(value: value, resampled: [], leftOut: [[]]) }
    var weights = patients.ones
    let resampled = (0..<resamples).map { resample in
      drawWeights(&weights, resample: resample, strata: patients.strata)
      return body(weights)
    }
    var leftOut: [Double] = []
    leaveOut(patients) { _, weights in leftOut.append(body(weights)) }
    return ResampledStatistic(value: value, resampled: resampled, leftOut: [leftOut])
  }

  private func interval(_ statistic: ResampledStatistic) -> Interval? {
    guard !statistic.resampled.isEmpty, statistic.undefined * 10 <= resamples else { return nil }
    return statistic.bootstrapInterval(method.ofResamples, level: level)
  }
}
