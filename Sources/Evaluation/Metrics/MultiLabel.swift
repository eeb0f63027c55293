/// What one model said about one scan that may have several findings at once, or none.
public struct MultiLabelPrediction: Hashable, Codable, Sendable {
  public let scan: String
  public let patient: String
  public let scanner: String
  /// By finding; absent where nobody looked for it. Such a scan takes no part in that finding's metrics.
  public let labels: [Bool?]
  /// By finding, each from 0 to 1 by itself.
  public let probabilities: [Double]

  public init(scan: String, patient: String, scanner: String, labels: [Bool?], probabilities: [Double]) {
    precondition(labels.count == probabilities.count, "\(labels.count) labels and \(probabilities.count) probabilities")
    self.scan = scan
    self.patient = patient
    self.scanner = scanner
    self.labels = labels
    self.probabilities = probabilities
  }

  /// One finding as a task of two classes.
  public func prediction(of finding: Int) -> Prediction {
    Prediction(
      scan: scan, patient: patient, scanner: scanner, label: labels[finding].map { $0 ? 1 : 0 },
      probabilities: [1 - probabilities[finding], probabilities[finding]])
  }
}

/// A metric of several findings: of each, and their mean.
public struct MultiLabelScore: Hashable, Codable, Sendable {
  public let metric: Metric
  /// By finding, over the scans that were labelled for it; `nil` where undefined.
  public let byFinding: [Double?]
  /// The mean over the findings in which it is defined.
  public let macro: Double?

  /// - Parameter predictions: all over the same findings.
  public init(_ metric: Metric, of predictions: [MultiLabelPrediction]) {
    let findings = predictions.first?.labels.count ?? 0
    byFinding = (0..<findings).map { finding in metric.value(of: predictions.map { $0.prediction(of: finding) }) }
    self.metric = metric
    let defined = byFinding.compactMap { $0 }
    macro = defined.isEmpty ? nil : defined.reduce(0, +) / Double(defined.count)
  }
}

extension PatientBootstrap {
  /// Each finding's metric with its interval, from the patients labelled for it; `nil` where undefined.
  public func estimates(_ metric: Metric, of predictions: [MultiLabelPrediction]) -> [Estimate?] {
    (0..<(predictions.first?.labels.count ?? 0)).map { finding in
      estimate(metric, of: predictions.map { $0.prediction(of: finding) })
    }
  }

  /// The mean over findings with its interval: every patient with any label is resampled, all findings at once, in one stratum.
  public func macroEstimate(_ metric: Metric, of predictions: [MultiLabelPrediction]) -> MacroEstimate? {
    let findings = predictions.first?.labels.count ?? 0
    let everyone = predictions.filter { $0.labels.contains { $0 != nil } }
    let patients = PatientTable(
      folds: [everyone.map { Prediction(scan: $0.scan, patient: $0.patient, scanner: $0.scanner, label: 0, probabilities: [1]) }])
    let prepared = (0..<findings).map { finding in
      PreparedMetrics([metric], folds: [everyone.map { $0.prediction(of: finding) }], patients: patients)
    }
    func macro(_ weights: [Double]) -> Double? {
      let values = prepared.compactMap { $0.values(weights: weights)[0] }
      return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }
    guard let value = macro(patients.ones) else { return nil }
    guard patients.ids.count > 1 else { return MacroEstimate(metric: metric, value: value, interval: nil, patients: patients.ids.count) }
    var weights = patients.ones
    let resampled = (0..<resamples).map { resample in
      drawWeights(&weights, resample: resample, strata: patients.strata)
      return macro(weights) ?? .nan
    }
    var leftOut: [Double] = []
    leaveOut(patients) { _, weights in leftOut.append(macro(weights) ?? .nan) }
    let statistic = ResampledStatistic(value: value, resampled: resampled, leftOut: [leftOut])
    let isDefined = statistic.undefined * 10 <= resamples
    return MacroEstimate(
      metric: metric, value: value, interval: isDefined ? statistic.bootstrapInterval(method.ofResamples, level: level) : nil,
      patients: patients.ids.count)
  }
}

/// A mean over findings with its interval.
public struct MacroEstimate: Hashable, Codable, Sendable {
  public let metric: Metric
  public let value: Double
  public let interval: Interval?
  public let patients: Int
}
