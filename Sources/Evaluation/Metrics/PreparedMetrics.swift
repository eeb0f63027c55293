import Foundation

/// Metrics with everything sorted and counted once, so that a resample of patients costs a pass over the scans for what ranks them and
/// over the patients for the rest. Metrics of the same ranking or confusion matrix share it.
///
/// A resample is a weight per patient: how often it was drawn. Folds are put together as each metric's `aggregation` says; a fold in
/// which a ranking metric is undefined under these weights takes no part.
struct PreparedMetrics: Sendable {
  private enum Part: Sendable {
    case rankings
    case decisions
    case decisionsAtThreshold
    case mean(PatientTotals)
    case gaps(ConfidenceGaps)
  }

  let metrics: [Metric]
  private let patientCount: Int
  private let parts: [Part]
  private var rankings: [ClassRankings] = []
  private var decisions: ConfusionCounts?
  private var decisionsAtThreshold: ConfusionCounts?

  init(_ metrics: [Metric], folds: [[Prediction]], thresholds: [DecisionThreshold?] = [], patients: PatientTable) {
    precondition(thresholds.isEmpty || thresholds.count == folds.count, "\(thresholds.count) thresholds for \(folds.count) folds")
    let labelled = folds.map { $0.filter { $0.label != nil } }
    let pooled = labelled.flatMap(\.self)
    let indices = pooled.map { patients.index(of: $0.patient) }
    self.metrics = metrics
    patientCount = patients.ids.count
    parts = metrics.map { metric in
      switch metric {
      case .auroc, .aurocOneVersusOne, .averagePrecision: .rankings
      case .sensitivityAtThreshold, .specificityAtThreshold: .decisionsAtThreshold
      case .accuracy, .balancedAccuracy, .sensitivity, .specificity, .f1, .matthewsCorrelation, .kappa: .decisions
      case .brier: .mean(PatientTotals(pooled.map(Self.squaredError), patients: indices, patientCount: patients.ids.count))
      case .logLoss: .mean(PatientTotals(pooled.map(Self.logLoss), patients: indices, patientCount: patients.ids.count))
      case .calibrationError(let bins): .gaps(ConfidenceGaps(pooled, binning: .equalWidth, count: bins, patients: indices))
      case .calibrationErrorEqualMass(let bins): .gaps(ConfidenceGaps(pooled, binning: .equalMass, count: bins, patients: indices))
      }
    }
    if metrics.contains(where: { $0.aggregation == .meanOverFolds }) {
      rankings = labelled.map { fold in
        ClassRankings(fold, patients: fold.map { patients.index(of: $0.patient) }, pairs: metrics.contains(.aurocOneVersusOne))
      }
    }
    if metrics.contains(where: { !$0.needsThreshold }) {
      decisions = ConfusionCounts(
        labels: pooled.map { $0.label! }, decisions: pooled.map(\.decision), patients: indices,
        classCount: pooled.first?.probabilities.count ?? 0)
    }
    if metrics.contains(where: \.needsThreshold), zip(labelled, thresholds).allSatisfy({ $0.isEmpty || $1 != nil }), !thresholds.isEmpty {
      let decided = zip(labelled, thresholds).flatMap { fold, threshold in fold.map { ($0, threshold!) } }
      decisionsAtThreshold = ConfusionCounts(
        labels: decided.map { $0.label == $1.positiveClass ? 1 : 0 }, decisions: decided.map { $1.isPositive($0) ? 1 : 0 },
        patients: indices, classCount: 2)
    }
  }

  /// In the order of the metrics; `nil` where undefined under these weights.
  func values(weights: [Double]) -> [Double?] {
    var matrix: ConfusionMatrix?
    return zip(metrics, parts).map { metric, part in
      switch part {
      case .rankings:
        let values = rankings.compactMap { $0.value(of: metric, weights: weights) }
        return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
      case .decisions:
        if matrix == nil { matrix = decisions?.matrix(weights: weights) }
        return matrix?.value(of: metric)
      case .decisionsAtThreshold:
        return decisionsAtThreshold?.matrix(weights: weights).value(of: metric)
      case .mean(let totals): return totals.mean(weights: weights)
      case .gaps(let gaps): return gaps.error(weights: weights)
      }
    }
  }

  /// The shares of scans that a metric is, or is the mean of.
  func proportions(of metric: Metric) -> [ClusteredProportion]? {
    (metric.needsThreshold ? decisionsAtThreshold : decisions)?.proportions(of: metric, patientCount: patientCount)
  }

  private static func logLoss(_ prediction: Prediction) -> Double {
    -log(min(max(prediction.probabilities[prediction.label!], Double.ulpOfOne), 1 - Double.ulpOfOne))
  }

  private static func squaredError(_ prediction: Prediction) -> Double {
    let label = prediction.label!
    if prediction.probabilities.count == 2 {
      let error = prediction.probabilities[1] - (label == 1 ? 1 : 0)
      return error * error
    }
    var total = 0.0
    for (index, probability) in prediction.probabilities.enumerated() {
      let error = probability - (index == label ? 1 : 0)
      total += error * error
    }
    return total
  }
}
