import RandomStreams

/// Intervals from resampling whole patients, with all their scans, within strata of patient label.
///
/// The draws depend on the seed and on the patients' ids and labels only, so every model, metric and pair compared on one cohort sees
/// the same resamples, and differences are paired. Efron, "Better bootstrap confidence intervals", 1987; for several strata Davison and
/// Hinkley, "Bootstrap Methods and their Application", 1997, section 5.3; expanded for few patients as in Hesterberg, "What teachers
/// should know about the bootstrap", The American Statistician 2015.
public struct PatientBootstrap: Hashable, Codable, Sendable {
  /// How intervals are made.
  public enum Method: String, Hashable, Codable, Sendable {
    /// The closed form that holds its level with few patients where there is one, else `expanded`: areas by Obuchowski's variance on the
    /// logit scale, proportions by Wilson's interval with the design effect, balanced accuracy from its recalls' intervals, paired
    /// differences by Obuchowski's covariance or the patient jackknife with Student's t.
    case automatic
    /// BCa, its tails widened by Student's t and by `n/(n-1)`.
    case expanded = "bca_expanded"
    /// Bias-corrected and accelerated; the acceleration from leaving out one patient at a time. Too narrow with few patients of a class.
    case biasCorrectedAccelerated = "bca"
    case percentile

    public var sentence: String {
      switch self {
      case .automatic: "by patient: closed form for areas and proportions, else BCa bootstrap expanded for few patients"
      case .expanded: "from resampling patients (BCa, expanded for few patients)"
      case .biasCorrectedAccelerated: "from resampling patients (BCa)"
      case .percentile: "from resampling patients (percentile)"
      }
    }
  }

  public var seed: UInt64
  public var resamples: Int
  public var level: Double
  public var method: Method

  public init(seed: UInt64, resamples: Int = 2000, level: Double = 0.95, method: Method = .automatic) {
    precondition(resamples >= 2 && level > 0 && level < 1, "\(resamples) resamples at level \(level)")
    self.seed = seed
    self.resamples = resamples
    self.level = level
    self.method = method
  }

  /// Metrics of one model, resampled once for all of them and for every difference from another.
  public func scores(_ metrics: [Metric], of predictions: HeldOutPredictions) -> ResampledScores {
    resampled(metrics, [predictions])[0]
  }

  /// Metrics of several models on the same scans, in the same resamples.
  ///
  /// - Throws: `ComparisonError` when they are not predictions of the same scans.
  public func scores(_ metrics: [Metric], of models: [HeldOutPredictions]) throws(ComparisonError) -> [ResampledScores] {
    for model in models.dropFirst() { try requireSameScans(model.folds, models[0].folds) }
    return resampled(metrics, models)
  }

  private func resampled(_ metrics: [Metric], _ models: [HeldOutPredictions]) -> [ResampledScores] {
    guard let first = models.first else { return [] }
    let patients = PatientTable(folds: first.folds)
    var made = models.map { ResampledScores(metrics, of: $0, patients: patients, bootstrap: self) }
    guard patients.ids.count > 1 else { return made }
    var weights = [Double](repeating: 0, count: patients.ids.count)
    for resample in 0..<resamples {
      drawWeights(&weights, resample: resample, strata: patients.strata)
      for model in made.indices { made[model].resample(weights: weights) }
    }
    leaveOut(patients) { stratum, weights in
      for model in made.indices { made[model].leaveOut(stratum: stratum, weights: weights) }
    }
    return made
  }

  /// A metric over folds, put together as its `aggregation` says, with its interval; `nil` where the metric is undefined.
  ///
  /// - Parameter thresholds: a threshold per fold, for the metrics that need one.
  public func estimate(_ metric: Metric, ofFolds folds: [[Prediction]], thresholds: [DecisionThreshold?] = []) -> Estimate? {
    scores([metric], of: HeldOutPredictions(folds: folds, thresholds: thresholds)).estimate(metric)
  }

  /// Candidate minus reference over the same scans, fold by fold, with the interval of the difference.
  ///
  /// - Throws: `ComparisonError` when the two are not predictions of the same scans.
  public func difference(
    _ metric: Metric, candidateFolds: [[Prediction]], referenceFolds: [[Prediction]], candidateThresholds: [DecisionThreshold?] = [],
    referenceThresholds: [DecisionThreshold?] = []
  ) throws(ComparisonError) -> PairedDifference? {
    let pair = try scores(
      [metric],
      of: [
        HeldOutPredictions(folds: candidateFolds, thresholds: candidateThresholds),
        HeldOutPredictions(folds: referenceFolds, thresholds: referenceThresholds),
      ])
    return pair[0].differences(from: pair[1])[0]
  }

  /// As above for one set of predictions each.
  public func estimate(_ metric: Metric, of predictions: [Prediction]) -> Estimate? { estimate(metric, ofFolds: [predictions]) }

  public func difference(
    _ metric: Metric, candidate: [Prediction], reference: [Prediction]
  ) throws(ComparisonError) -> PairedDifference? {
    try difference(metric, candidateFolds: [candidate], referenceFolds: [reference])
  }

  /// Draws as many patients from each stratum as it has, with replacement.
  func drawWeights(_ weights: inout [Double], resample: Int, strata: [[Int]]) {
    for index in weights.indices { weights[index] = 0 }
    var stream = RandomStream(seed: seed, purpose: "patient bootstrap", epoch: resample)
    for stratum in strata {
      for _ in stratum { weights[stratum[Int.random(in: 0..<stratum.count, using: &stream)]] += 1 }
    }
  }

  /// Calls with the weights without each patient; past five hundred patients of a stratum, without each of five hundred groups.
  func leaveOut(_ patients: PatientTable, _ body: (_ stratum: Int, _ weights: [Double]) -> Void) {
    var weights = patients.ones
    for (index, stratum) in patients.strata.enumerated() where stratum.count > 1 {
      let groups = min(stratum.count, 500)
      for group in 0..<groups {
        let members = stride(from: group, to: stratum.count, by: groups)
        for member in members { weights[stratum[member]] = 0 }
        body(index, weights)
        for member in members { weights[stratum[member]] = 1 }
      }
    }
  }
}
