/// The structural components of an area under the ROC curve, from which its variance follows.
///
/// `positive[i]` is the share of negatives that positive i outranks, `negative[j]` the share of positives that outrank negative j, ties
/// one half; the mean of either is the area. By midranks in O(n log n). DeLong, DeLong, Clarke-Pearson, "Comparing the areas under two
/// or more correlated receiver operating characteristic curves", Biometrics 1988; Sun and Xu, "Fast implementation of DeLong's
/// algorithm", 2014.
public struct StructuralComponents: Hashable, Sendable {
  public let area: Double
  /// In the order of the positive scans.
  public let positive: [Double]
  /// In the order of the negative scans.
  public let negative: [Double]
  /// The patient of each, in the same order.
  let positivePatients: [String]
  let negativePatients: [String]

  /// `nil` when a side is empty.
  public init?(scores: [Double], isPositive: [Bool], patients: [String]) {
    precondition(scores.count == isPositive.count && scores.count == patients.count, "scores, labels and patients differ in number")
    let positives = scores.indices.filter { isPositive[$0] }
    let negatives = scores.indices.filter { !isPositive[$0] }
    guard !positives.isEmpty, !negatives.isEmpty else { return nil }
    let pooled = midranks(scores)
    let amongPositives = midranks(positives.map { scores[$0] })
    let amongNegatives = midranks(negatives.map { scores[$0] })
    let negativeCount = Double(negatives.count)
    let positiveCount = Double(positives.count)
    positive = zip(positives, amongPositives).map { (pooled[$0] - $1) / negativeCount }
    negative = zip(negatives, amongNegatives).map { 1 - (pooled[$0] - $1) / positiveCount }
    area = positive.reduce(0, +) / positiveCount
    positivePatients = positives.map { patients[$0] }
    negativePatients = negatives.map { patients[$0] }
  }

  /// Of one class against the others, over the labelled predictions.
  public init?(_ predictions: [Prediction], positiveClass: Int = 1) {
    let labelled = predictions.filter { $0.label != nil }
    self.init(
      scores: labelled.map { $0.probabilities[positiveClass] }, isPositive: labelled.map { $0.label == positiveClass },
      patients: labelled.map(\.patient))
  }

  /// DeLong's variance of the area: every scan counts as its own patient. `nil` with fewer than two scans on a side.
  public var variance: Double? { covariance(with: self) }

  /// DeLong's covariance of two areas over the same scans in the same order.
  public func covariance(with other: StructuralComponents) -> Double? {
    precondition(positive.count == other.positive.count && negative.count == other.negative.count, "areas over different scans")
    guard positive.count > 1, negative.count > 1 else { return nil }
    func product(_ first: [Double], _ second: [Double]) -> Double {
      zip(first, second).reduce(0) { $0 + ($1.0 - area) * ($1.1 - other.area) } / Double(first.count - 1)
    }
    return product(positive, other.positive) / Double(positive.count) + product(negative, other.negative) / Double(negative.count)
  }

  /// The variance of the area when scans of a patient are alike. Obuchowski, "Nonparametric analysis of clustered ROC curve data",
  /// Biometrics 1997. `nil` with fewer than two patients on a side.
  public var clusteredVariance: Double? { clusteredCovariance(with: self) }

  /// Obuchowski's covariance of two areas over the same scans in the same order.
  public func clusteredCovariance(with other: StructuralComponents) -> Double? {
    precondition(positivePatients == other.positivePatients && negativePatients == other.negativePatients, "areas over different scans")
    let first = PatientSums(self)
    let second = PatientSums(other)
    let positiveCount = Double(positive.count)
    let negativeCount = Double(negative.count)
    let withPositives = Double(first.withPositives)
    let withNegatives = Double(first.withNegatives)
    let patients = Double(first.positive.count)
    guard withPositives > 1, withNegatives > 1 else { return nil }
    func sum(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
    let positivePart = withPositives / (withPositives - 1) * sum(first.positive, second.positive) / (positiveCount * positiveCount)
    let negativePart = withNegatives / (withNegatives - 1) * sum(first.negative, second.negative) / (negativeCount * negativeCount)
    let cross = sum(first.positive, second.negative) + sum(first.negative, second.positive)
    return positivePart + negativePart + patients / (patients - 1) * cross / (positiveCount * negativeCount)
  }
}

/// Components less the area, summed within each patient; patients in the order of their ids.
private struct PatientSums {
  var positive: [Double]
  var negative: [Double]
  var withPositives: Int
  var withNegatives: Int

  init(_ components: StructuralComponents) {
    let positives = Set(components.positivePatients)
    let negatives = Set(components.negativePatients)
    let ids = positives.union(negatives).sorted()
    let index = Dictionary(uniqueKeysWithValues: ids.enumerated().map { ($1, $0) })
    positive = [Double](repeating: 0, count: ids.count)
    negative = positive
    for (value, patient) in zip(components.positive, components.positivePatients) { positive[index[patient]!] += value - components.area }
    for (value, patient) in zip(components.negative, components.negativePatients) { negative[index[patient]!] += value - components.area }
    withPositives = positives.count
    withNegatives = negatives.count
  }
}

/// Ranks from 1; equal values share the mean of their ranks.
func midranks(_ values: [Double]) -> [Double] {
  let order = values.indices.sorted { values[$0] < values[$1] }
  var ranks = [Double](repeating: 0, count: values.count)
  var start = 0
  while start < order.count {
    var end = start + 1
    while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
    for position in start..<end { ranks[order[position]] = Double(start + end + 1) / 2 }
    start = end
  }
  return ranks
}
