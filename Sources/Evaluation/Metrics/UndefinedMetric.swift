/// Why a metric has no value on some predictions.
public enum UndefinedMetric: Hashable, Codable, Sendable {
  case noLabelledScan
  /// Only this class occurs, and the metric compares two.
  case oneClass(Int)
  /// The metric is about a class that no scan has.
  case classAbsent(Int)
  /// The metric is about the scans of other classes, and there is none.
  case noOtherClass(than: Int)
  /// Nobody chose a threshold on other patients in at least one fold.
  case noThreshold
  /// Every decision is the same class: there is nothing to correlate.
  case constantDecisions(Int)
  /// Every fold lacks a class, and this metric is taken fold by fold.
  case noFoldHasBothSides

  /// - Parameter classes: their labels, in index order.
  public func sentence(classes: [String] = []) -> String {
    func named(_ index: Int) -> String { index < classes.count ? "'\(classes[index])'" : "\(index)" }
    return switch self {
    case .noLabelledScan: "no scan has a label"
    case .oneClass(let index): "only class \(named(index)) occurs"
    case .classAbsent(let index): "no scan has class \(named(index))"
    case .noOtherClass(let index): "every scan has class \(named(index))"
    case .noThreshold: "no threshold was chosen on other patients"
    case .constantDecisions(let index): "every scan was taken for class \(named(index))"
    case .noFoldHasBothSides: "no fold has scans of both sides"
    }
  }
}

extension Metric {
  /// Why `value(ofFolds:)` is `nil`; `nil` where it isn't.
  public func undefinedReason(ofFolds folds: [[Prediction]], thresholds: [DecisionThreshold?] = []) -> UndefinedMetric? {
    guard value(ofFolds: folds, thresholds: thresholds) == nil else { return nil }
    let labelled = folds.joined().filter { $0.label != nil }
    guard let first = labelled.first else { return .noLabelledScan }
    let isAmbiguous = needsThreshold && zip(folds, thresholds + folds.map { _ in nil }).contains { !$0.isEmpty && $1 == nil }
    if isAmbiguous { return .noThreshold }
    let classes = Set(labelled.map { $0.label! })
    switch self {
    case .sensitivity(let index): return .classAbsent(index)
    case .specificity(let index): return first.probabilities.indices.contains(index) ? .noOtherClass(than: index) : .classAbsent(index)
    case .sensitivityAtThreshold, .specificityAtThreshold, .auroc, .averagePrecision, .balancedAccuracy:
      return classes.count == 1 ? .oneClass(first.label!) : .noFoldHasBothSides
    case .aurocOneVersusOne:
      if classes.count == 1 { return .oneClass(first.label!) }
      return first.probabilities.indices.first { !classes.contains($0) }.map(UndefinedMetric.classAbsent) ?? .noFoldHasBothSides
    case .matthewsCorrelation, .kappa, .f1:
      return classes.count == 1 ? .oneClass(first.label!) : .constantDecisions(first.decision)
    case .accuracy, .brier, .logLoss, .calibrationError, .calibrationErrorEqualMass:
      return .noLabelledScan
    }
  }
}
