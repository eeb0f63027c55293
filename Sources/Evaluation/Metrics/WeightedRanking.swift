/// Scores sorted once, so that areas under the ROC and the precision-recall curve of any weighting of the patients are one pass.
struct WeightedRanking: Sendable {
  /// Scans in ascending order of score; a tie group ends where `endsTie` is true.
  let patients: [Int32]
  let positive: [Bool]
  let endsTie: [Bool]

  init(scores: [Double], isPositive: [Bool], patients: [Int]) {
    let order = scores.indices.sorted { scores[$0] < scores[$1] }
    self.patients = order.map { Int32(patients[$0]) }
    positive = order.map { isPositive[$0] }
    endsTie = order.indices.map { $0 + 1 == order.count || scores[order[$0 + 1]] > scores[order[$0]] }
  }

  /// Weighted share of (positive, negative) pairs in the right order, ties counting one half; `nil` when a side has no weight.
  func area(weights: [Double]) -> Double? {
    var concordant = 0.0
    var negativesBelow = 0.0
    var positives = 0.0
    forEachTie(weights: weights) { positive, negative in
      concordant += positive * (negativesBelow + negative / 2)
      negativesBelow += negative
      positives += positive
    }
    return positives > 0 && negativesBelow > 0 ? concordant / (positives * negativesBelow) : nil
  }

  /// Weighted average precision; `nil` when a side has no weight.
  func averagePrecision(weights: [Double]) -> Double? {
    var positives = 0.0
    var negatives = 0.0
    forEachTie(weights: weights) {
      positives += $0
      negatives += $1
    }
    guard positives > 0, negatives > 0 else { return nil }
    // What is left at or above the threshold, from the lowest threshold up.
    var truePositives = positives
    var falsePositives = negatives
    var sum = 0.0
    forEachTie(weights: weights) { positive, negative in
      if positive > 0 { sum += positive * truePositives / (truePositives + falsePositives) }
      truePositives -= positive
      falsePositives -= negative
    }
    return sum / positives
  }

  /// Calls with the weight of positives and of negatives of each tie group, in ascending order of score.
  @inline(__always)
  func forEachTie(weights: [Double], _ body: (_ positive: Double, _ negative: Double) -> Void) {
    var tiedPositive = 0.0
    var tiedNegative = 0.0
    weights.withUnsafeBufferPointer { weights in
      for index in patients.indices {
        let weight = weights[Int(patients[index])]
        if positive[index] { tiedPositive += weight } else { tiedNegative += weight }
        if endsTie[index] {
          body(tiedPositive, tiedNegative)
          tiedPositive = 0
          tiedNegative = 0
        }
      }
    }
  }
}
