/// What a set of predictions is scored by. Each is a pure function of labels and probabilities and may be undefined, which is `nil`.
public enum Metric: Hashable, Sendable {
  /// Area under the ROC curve by midranks. Two classes: of class 1's probability. More: the mean of one-versus-rest areas over
  /// the classes that have both sides.
  case auroc
  /// The mean over pairs of classes of the area that tells the two apart, by either's probability. With two classes it is `auroc`.
  /// Undefined unless every class of the predictions occurs. Hand and Till, "A simple generalisation of the area under the ROC curve
  /// for multiple class classification problems", Machine Learning 2001.
  case aurocOneVersusOne
  /// Average precision, `sum (R_n - R_(n-1)) P_n` over thresholds, without interpolation. Two classes: of class 1. More: the mean of
  /// one-versus-rest values over the classes that have both sides. Chance is the share of positives, not one half. Its mean over folds of a
  /// few positives each is that of so small samples, which lies above the population's: with three positive patients a fold, five folds,
  /// 95 % intervals held the population's value in 87 of 100 simulated cohorts (one fold: 93; `tools/check-coverage`).
  case averagePrecision
  /// Share of scans whose most probable class is the label.
  case accuracy
  /// Mean recall over the classes present; undefined unless two are.
  case balancedAccuracy
  /// Recall of one class.
  case sensitivity(of: Int)
  /// Share of the scans of other classes that are not taken for this one.
  case specificity(of: Int)
  /// Recall of the positive class where its probability is at or above a threshold that was chosen on other patients; undefined
  /// without such a threshold.
  case sensitivityAtThreshold
  /// Share of the other scans that stay below that threshold.
  case specificityAtThreshold
  /// Two classes: F1 of class 1, undefined without a scan of it. More: mean over the classes that occur in labels or decisions.
  case f1
  /// Matthews correlation; for more than two classes Gorodkin's R_K.
  case matthewsCorrelation
  /// Cohen's kappa.
  case kappa
  /// Two classes: mean squared error of class 1's probability. More: mean over scans of the squared errors summed over classes.
  /// Brier, "Verification of forecasts expressed in terms of probability", 1950.
  case brier
  /// Mean over scans of `-ln` of the label's probability, in nats; probabilities are kept 2.2e-16 away from 0 and 1, as in scikit-learn.
  case logLoss
  /// Gap between confidence (the largest probability) and accuracy in bins of equal width, weighted by their scans.
  /// Guo et al., "On Calibration of Modern Neural Networks", ICML 2017.
  case calibrationError(bins: Int)
  /// The same in bins that hold equally many scans, as far as ties allow. Nguyen and O'Connor, EMNLP 2015.
  case calibrationErrorEqualMass(bins: Int)

  /// How folds are put together.
  public enum Aggregation: String, Hashable, Codable, Sendable {
    /// The mean over the folds in which the metric is defined: scores of models fitted on different patients don't share a scale.
    case meanOverFolds = "mean_over_folds"
    /// Of all folds' scans together: counts and errors of single scans do add up, and a fold without a class loses nothing.
    /// Forman and Scholz, "Apples-to-apples in cross-validation studies", SIGKDD Explorations 2010.
    case pooled
  }

  public var aggregation: Aggregation {
    switch self {
    case .auroc, .aurocOneVersusOne, .averagePrecision: .meanOverFolds
    default: .pooled
    }
  }

  /// Whether it lies between 0 and 1.
  var isShare: Bool {
    switch self {
    case .matthewsCorrelation, .kappa, .logLoss, .brier: false
    default: true
    }
  }

  public var largerIsBetter: Bool {
    switch self {
    case .brier, .logLoss, .calibrationError, .calibrationErrorEqualMass: false
    default: true
    }
  }

  /// It is of decisions at a threshold that somebody has to choose, on other patients.
  public var needsThreshold: Bool { self == .sensitivityAtThreshold || self == .specificityAtThreshold }

  /// Those of a task with this many classes, the headline first: AUROC with two classes, else balanced accuracy.
  public static func standard(classCount: Int) -> [Metric] {
    let ranking: [Metric] = classCount == 2 ? [.auroc, .averagePrecision] : [.auroc, .aurocOneVersusOne, .averagePrecision]
    let decisions: [Metric] = [.accuracy] + perClass(classCount) + [.f1, .matthewsCorrelation, .kappa]
    let probabilities: [Metric] = [.brier, .logLoss, .calibrationError(bins: 15), .calibrationErrorEqualMass(bins: 15)]
    return classCount == 2
      ? ranking + [.balancedAccuracy, .sensitivityAtThreshold, .specificityAtThreshold] + decisions + probabilities
      : [.balancedAccuracy] + ranking + decisions + probabilities
  }

  /// Of two classes, one sensitivity and one specificity say it all.
  private static func perClass(_ classCount: Int) -> [Metric] {
    classCount == 2
      ? [.sensitivity(of: 1), .specificity(of: 1)]
      : (0..<min(classCount, 12)).flatMap { [Metric.sensitivity(of: $0), .specificity(of: $0)] }
  }

  /// This metric of the labelled ones among some predictions; `nil` where it is undefined.
  public func value(of predictions: [Prediction], threshold: DecisionThreshold? = nil) -> Double? {
    value(ofFolds: [predictions], thresholds: [threshold])
  }

  /// Of folds, put together as `aggregation` says; `nil` where it is undefined.
  ///
  /// - Parameter thresholds: a threshold per fold; empty where nobody chose any.
  public func value(ofFolds folds: [[Prediction]], thresholds: [DecisionThreshold?] = []) -> Double? {
    value(ofFolds: folds, thresholds: thresholds) { _ in 1 }
  }

  /// With every scan counting as often as its patient's weight says.
  package func value(
    ofFolds folds: [[Prediction]], thresholds: [DecisionThreshold?] = [], weight: (_ patient: String) -> Double
  ) -> Double? {
    let patients = PatientTable(folds: folds)
    return PreparedMetrics([self], folds: folds, thresholds: thresholds, patients: patients).values(weights: patients.ids.map(weight))[0]
  }
}
