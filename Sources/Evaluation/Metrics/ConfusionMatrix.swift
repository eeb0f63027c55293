/// Counts of scans by true class (row) and decision (column).
public struct ConfusionMatrix: Hashable, Codable, Sendable {
  public let classCount: Int
  /// Row-major, true class first. Whole numbers except under resampling weights.
  public internal(set) var counts: [Double]

  init(classCount: Int) {
    self.classCount = classCount
    counts = [Double](repeating: 0, count: classCount * classCount)
  }

  /// The labelled predictions, counted. `classCount` covers classes that no scan here has.
  public init(_ predictions: [Prediction], classCount: Int) {
    self.init(classCount: classCount)
    for prediction in predictions {
      guard let label = prediction.label else { continue }
      self[label, prediction.decision] += 1
    }
  }

  public internal(set) subscript(label: Int, decision: Int) -> Double {
    get { counts[label * classCount + decision] }
    set { counts[label * classCount + decision] = newValue }
  }

  public var total: Double { counts.reduce(0, +) }
  func labelled(_ index: Int) -> Double { (0..<classCount).reduce(0) { $0 + self[index, $1] } }
  func decided(_ index: Int) -> Double { (0..<classCount).reduce(0) { $0 + self[$1, index] } }
  var correct: Double { (0..<classCount).reduce(0) { $0 + self[$1, $1] } }

  /// The share of each class's scans that were recognized; `nil` for a class without scans.
  public func recall(of index: Int) -> Double? {
    guard index < classCount else { return nil }
    let count = labelled(index)
    return count == 0 ? nil : self[index, index] / count
  }

  func value(of metric: Metric) -> Double? {
    switch metric {
    case .accuracy: total == 0 ? nil : correct / total
    case .balancedAccuracy: balancedAccuracy
    case .sensitivity(let index): recall(of: index)
    case .specificity(let index): specificity(of: index)
    case .f1: f1
    case .matthewsCorrelation: matthewsCorrelation
    case .kappa: kappa
    case .sensitivityAtThreshold: recall(of: 1)
    case .specificityAtThreshold: recall(of: 0)
    case .auroc, .aurocOneVersusOne, .averagePrecision, .brier, .logLoss, .calibrationError, .calibrationErrorEqualMass:
      preconditionFailure("\(metric.name) needs probabilities, not decisions")
    }
  }

  private var balancedAccuracy: Double? {
    let recalls = (0..<classCount).compactMap(recall(of:))
    return recalls.count < 2 ? nil : recalls.reduce(0, +) / Double(recalls.count)
  }

  private func specificity(of index: Int) -> Double? {
    guard index < classCount else { return nil }
    let others = total - labelled(index)
    return others == 0 ? nil : (others - decided(index) + self[index, index]) / others
  }

  private var f1: Double? {
    if classCount == 2, labelled(1) == 0 { return nil }
    let classes = classCount == 2 ? 1..<2 : 0..<classCount
    let scores: [Double] = classes.compactMap { index in
      let sum = labelled(index) + decided(index)
      return sum == 0 ? nil : 2 * self[index, index] / sum
    }
    return scores.isEmpty ? nil : scores.reduce(0, +) / Double(scores.count)
  }

  /// Gorodkin, "Comparing two K-category assignments by a K-category correlation coefficient", 2004. Undefined when all labels or
  /// all decisions are one class.
  private var matthewsCorrelation: Double? {
    let n = total
    var products = 0.0
    var squaredLabels = 0.0
    var squaredDecisions = 0.0
    for index in 0..<classCount {
      products += labelled(index) * decided(index)
      squaredLabels += labelled(index) * labelled(index)
      squaredDecisions += decided(index) * decided(index)
    }
    let denominator = ((n * n - squaredLabels) * (n * n - squaredDecisions)).squareRoot()
    return denominator == 0 ? nil : (n * correct - products) / denominator
  }

  /// Cohen, "A coefficient of agreement for nominal scales", 1960. Undefined where only one class occurs, which makes it 0 or 0/0
  /// whatever was decided.
  private var kappa: Double? {
    let n = total
    guard (0..<classCount).count(where: { labelled($0) > 0 }) > 1 else { return nil }
    let chance = (0..<classCount).reduce(0) { $0 + labelled($1) * decided($1) } / (n * n)
    return (correct / n - chance) / (1 - chance)
  }
}

/// Labels and decisions by scan, to be counted under any weighting of the patients.
struct ConfusionCounts: Sendable {
  private let cells: PatientCells
  private let classCount: Int

  init(labels: [Int], decisions: [Int], patients: [Int], classCount: Int) {
    self.classCount = classCount
    cells = PatientCells(
      cells: zip(labels, decisions).map { $0 * classCount + $1 }, values: labels.map { _ in 1 }, patients: patients,
      cellCount: classCount * classCount)
  }

  func matrix(weights: [Double]) -> ConfusionMatrix {
    var matrix = ConfusionMatrix(classCount: classCount)
    matrix.counts = cells.sums(weights: weights).cells
    return matrix
  }

  /// The shares of scans that a metric is, or is the mean of, counted by patient; `nil` for a metric that is neither.
  func proportions(of metric: Metric, patientCount: Int) -> [ClusteredProportion]? {
    func share(of rows: (Int) -> Bool, right: (_ label: Int, _ decision: Int) -> Bool) -> ClusteredProportion? {
      ClusteredProportion(
        counts: cells.counts(patientCount: patientCount) { rows($0 / classCount) && right($0 / classCount, $0 % classCount) },
        scans: cells.counts(patientCount: patientCount) { rows($0 / classCount) })
    }
    func recall(of index: Int) -> ClusteredProportion? { share(of: { $0 == index }, right: ==) }
    let shares: [ClusteredProportion?] =
      switch metric {
      case .accuracy: [share(of: { _ in true }, right: ==)]
      case .sensitivity(let index): [recall(of: index)]
      case .sensitivityAtThreshold: [recall(of: 1)]
      case .specificityAtThreshold: [recall(of: 0)]
      case .specificity(let index): [share(of: { $0 != index }, right: { $1 != index })]
      case .balancedAccuracy: (0..<classCount).map(recall)
      default: []
      }
    let defined = shares.compactMap { $0 }
    return defined.isEmpty ? nil : defined
  }
}
