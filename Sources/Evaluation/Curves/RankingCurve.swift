/// An ROC or precision-recall curve at a hundred and one fixed places, whatever the number of scans, with a band.
///
/// The mean over the folds that have both sides, at each place, as the areas are. The band is pointwise: at each place the quantiles over
/// resampled patients; the whole curve leaves it more often than one point does.
public struct RankingCurve: Hashable, Codable, Sendable {
  public enum Kind: String, Hashable, Codable, Sendable {
    /// Sensitivity by false positive rate, straight between thresholds.
    case roc
    /// Precision by recall, at the highest threshold that reaches the recall: no interpolation, as in average precision.
    case precisionRecall = "precision_recall"
  }

  public struct Point: Hashable, Codable, Sendable {
    public let x: Double
    public let y: Double
    public let lower: Double?
    public let upper: Double?
  }

  public let kind: Kind
  public let positiveClass: Int
  public let level: Double
  public let points: [Point]
  /// For a precision-recall curve the share of positives among the labelled scans, which is what chance gives.
  public let prevalence: Double

  static let places = (0...100).map { Double($0) / 100 }

  /// `nil` where no fold has both sides.
  ///
  /// - Parameter resamples: for the band; at most the bootstrap's.
  public init?(_ kind: Kind, of predictions: HeldOutPredictions, positiveClass: Int = 1, bootstrap: PatientBootstrap, resamples: Int = 500)
  {
    let patients = PatientTable(folds: predictions.folds)
    let rankings = predictions.folds.map { fold in
      let labelled = fold.filter { $0.label != nil }
      return WeightedRanking(
        scores: labelled.map { $0.probabilities[positiveClass] }, isPositive: labelled.map { $0.label == positiveClass },
        patients: labelled.map { patients.index(of: $0.patient) })
    }
    guard let curve = Self.mean(kind, rankings, patients.ones) else { return nil }
    var samples: [[Double]] = []
    if patients.ids.count > 1 {
      var weights = patients.ones
      for resample in 0..<min(resamples, bootstrap.resamples) {
        bootstrap.drawWeights(&weights, resample: resample, strata: patients.strata)
        if let sample = Self.mean(kind, rankings, weights) { samples.append(sample) }
      }
    }
    let tail = (1 - bootstrap.level) / 2
    points = curve.indices.map { place in
      guard samples.count > 20 else { return Point(x: Self.places[place], y: curve[place], lower: nil, upper: nil) }
      let sorted = samples.map { $0[place] }.sorted()
      return Point(x: Self.places[place], y: curve[place], lower: quantile(sorted, tail), upper: quantile(sorted, 1 - tail))
    }
    let labelled = predictions.folds.joined().filter { $0.label != nil }
    prevalence = Double(labelled.count { $0.label == positiveClass }) / Double(labelled.count)
    self.kind = kind
    self.positiveClass = positiveClass
    level = bootstrap.level
  }

  private static func mean(_ kind: Kind, _ rankings: [WeightedRanking], _ weights: [Double]) -> [Double]? {
    var sum = [Double](repeating: 0, count: places.count)
    var folds = 0.0
    for ranking in rankings {
      guard let curve = kind == .roc ? ranking.sensitivities(weights: weights) : ranking.precisions(weights: weights) else { continue }
      for place in curve.indices { sum[place] += curve[place] }
      folds += 1
    }
    return folds == 0 ? nil : sum.map { $0 / folds }
  }
}

extension WeightedRanking {
  private func sides(weights: [Double]) -> (positives: Double, negatives: Double)? {
    var positives = 0.0
    var negatives = 0.0
    forEachTie(weights: weights) {
      positives += $0
      negatives += $1
    }
    return positives > 0 && negatives > 0 ? (positives, negatives) : nil
  }

  /// Sensitivity at each false positive rate; where the curve is vertical, its upper end.
  fileprivate func sensitivities(weights: [Double]) -> [Double]? {
    guard let (positives, negatives) = sides(weights: weights) else { return nil }
    var curve = [Double](repeating: 0, count: RankingCurve.places.count)
    // From (1, 1) down: each tie group is a straight piece to the left and below.
    var place = curve.count - 2
    curve[place + 1] = 1
    var rate = 1.0
    var sensitivity = 1.0
    var falsePositives = negatives
    var truePositives = positives
    forEachTie(weights: weights) { positive, negative in
      guard positive > 0 || negative > 0 else { return }
      truePositives -= positive
      falsePositives -= negative
      let nextRate = max(0, falsePositives / negatives)
      let nextSensitivity = max(0, truePositives / positives)
      while place >= 0, rate > nextRate, RankingCurve.places[place] >= nextRate - 1e-12 {
        let share = max(0, (RankingCurve.places[place] - nextRate) / (rate - nextRate))
        curve[place] = nextSensitivity + share * (sensitivity - nextSensitivity)
        place -= 1
      }
      (rate, sensitivity) = (nextRate, nextSensitivity)
    }
    while place >= 0 {
      curve[place] = sensitivity
      place -= 1
    }
    return curve
  }

  /// Precision at the highest threshold whose recall reaches each place.
  fileprivate func precisions(weights: [Double]) -> [Double]? {
    guard let (positives, negatives) = sides(weights: weights) else { return nil }
    var curve = [Double](repeating: 0, count: RankingCurve.places.count)
    var place = curve.count - 1
    var truePositives = positives
    var falsePositives = negatives
    var last = 0.0
    forEachTie(weights: weights) { positive, negative in
      guard positive > 0 || negative > 0 else { return }
      let precision = truePositives / (truePositives + falsePositives)
      truePositives -= positive
      falsePositives -= negative
      let nextRecall = truePositives / positives
      while place >= 0, RankingCurve.places[place] > nextRecall + 1e-12 {
        curve[place] = precision
        place -= 1
      }
      if positive > 0 { last = precision }
    }
    while place >= 0 {
      curve[place] = last
      place -= 1
    }
    return curve
  }
}
