/// The structural components of an area under the ROC curve, from which its variance follows (`ClusteredArea`).
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
