/// A metric with everything sorted and counted once, so that a resample of patients costs one pass over the scans.
///
/// A resample is a weight per patient: how often it was drawn. The value is the mean over folds of each fold's weighted metric;
/// folds in which it is undefined under these weights do not take part.
struct PreparedMetric: Sendable {
  private enum Fold: Sendable {
    case ranking([WeightedRanking])
    case confusion(ConfusionCounts)
    case perScan(values: [Double], patients: [Int])
    case calibration(ConfidenceBins)
  }

  private let metric: Metric
  private let folds: [Fold]

  init(_ metric: Metric, folds: [[Prediction]], patients: PatientTable) {
    self.metric = metric
    self.folds = folds.map { fold in
      let labelled = fold.filter { $0.label != nil }
      let indices = labelled.map { patients.index(of: $0.patient) }
      let classCount = labelled.first?.probabilities.count ?? 0
      switch metric {
      case .auroc:
        let classes = classCount == 2 ? 1..<2 : 0..<classCount
        return .ranking(
          classes.map { index in
            WeightedRanking(
              scores: labelled.map { $0.probabilities[index] }, isPositive: labelled.map { $0.label == index }, patients: indices)
          })
      case .brier:
        return .perScan(values: labelled.map(Self.squaredError), patients: indices)
      case .calibrationError(let bins):
        return .calibration(ConfidenceBins(labelled, count: bins, patients: indices))
      case .accuracy, .balancedAccuracy, .sensitivity, .specificity, .f1, .matthewsCorrelation, .kappa:
        return .confusion(
          ConfusionCounts(
            labels: labelled.map { $0.label! }, decisions: labelled.map(\.decision), patients: indices, classCount: classCount))
      }
    }
  }

  func value(weights: [Double]) -> Double? {
    var total = 0.0
    var defined = 0
    for fold in folds {
      guard let value = value(of: fold, weights: weights) else { continue }
      total += value
      defined += 1
    }
    return defined == 0 ? nil : total / Double(defined)
  }

  private func value(of fold: Fold, weights: [Double]) -> Double? {
    switch fold {
    case .ranking(let rankings):
      let areas = rankings.compactMap { $0.area(weights: weights) }
      return areas.isEmpty ? nil : areas.reduce(0, +) / Double(areas.count)
    case .confusion(let counts):
      return counts.matrix(weights: weights).value(of: metric)
    case .perScan(let values, let patients):
      var total = 0.0
      var weight = 0.0
      for (value, patient) in zip(values, patients) {
        total += weights[patient] * value
        weight += weights[patient]
      }
      return weight == 0 ? nil : total / weight
    case .calibration(let bins):
      return bins.error(weights: weights)
    }
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
