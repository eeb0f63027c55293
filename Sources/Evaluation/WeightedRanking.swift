/// Scores sorted once, so that the area under the ROC curve of any weighting of the patients is one pass.
struct WeightedRanking: Sendable {
  /// Scans in ascending order of score; a tie group ends where `endsTie` is true.
  private var patients: [Int] = []
  private var positive: [Bool] = []
  private var endsTie: [Bool] = []

  init(scores: [Double], isPositive: [Bool], patients: [Int]) {
    let order = scores.indices.sorted { scores[$0] < scores[$1] }
    for (rank, scan) in order.enumerated() {
      self.patients.append(patients[scan])
      positive.append(isPositive[scan])
      endsTie.append(rank + 1 == order.count || scores[order[rank + 1]] > scores[scan])
    }
  }

  /// Weighted share of (positive, negative) pairs in the right order, ties counting one half; `nil` when a side has no weight.
  func area(weights: [Double]) -> Double? {
    var concordant = 0.0
    var negativesBelow = 0.0
    var positives = 0.0
    var tiedPositive = 0.0
    var tiedNegative = 0.0
    for index in patients.indices {
      let weight = weights[patients[index]]
      if positive[index] { tiedPositive += weight } else { tiedNegative += weight }
      if endsTie[index] {
        concordant += tiedPositive * (negativesBelow + tiedNegative / 2)
        negativesBelow += tiedNegative
        positives += tiedPositive
        tiedPositive = 0
        tiedNegative = 0
      }
    }
    return positives > 0 && negativesBelow > 0 ? concordant / (positives * negativesBelow) : nil
  }
}
