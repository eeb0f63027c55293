/// How far confidence and accuracy lie apart, by bins of confidence: what a reliability diagram shows.
public struct ReliabilityBin: Hashable, Codable, Sendable {
  /// The bin holds confidences in (lower, upper].
  public let lower: Double
  public let upper: Double
  public let scans: Int
  /// Means over the bin's scans; absent for an empty bin.
  public let confidence: Double?
  public let accuracy: Double?
}

/// Confidence (the largest probability) and correctness by scan, in `count` bins of equal width over (0, 1].
struct ConfidenceBins: Sendable {
  let count: Int
  let bin: [Int]
  let confidence: [Double]
  let correct: [Double]
  let patients: [Int]

  init(_ labelled: [Prediction], count: Int, patients: [Int]) {
    precondition(count > 0, "\(count) bins")
    self.count = count
    self.patients = patients
    confidence = labelled.map { $0.probabilities[$0.decision] }
    correct = labelled.map { $0.decision == $0.label ? 1 : 0 }
    bin = confidence.map { min(count - 1, max(0, Int(($0 * Double(count)).rounded(.up)) - 1)) }
  }

  func error(weights: [Double]) -> Double? {
    var gap = [Double](repeating: 0, count: count)
    var total = 0.0
    for scan in bin.indices {
      let weight = weights[patients[scan]]
      gap[bin[scan]] += weight * (correct[scan] - confidence[scan])
      total += weight
    }
    return total == 0 ? nil : gap.reduce(0) { $0 + abs($1) } / total
  }
}

/// The bins of a reliability diagram over the labelled predictions.
public func reliability(of predictions: [Prediction], bins count: Int = 15) -> [ReliabilityBin] {
  let labelled = predictions.filter { $0.label != nil }
  let scans = ConfidenceBins(labelled, count: count, patients: labelled.indices.map { $0 })
  return (0..<count).map { index in
    let members = scans.bin.indices.filter { scans.bin[$0] == index }
    func mean(_ values: [Double]) -> Double? {
      members.isEmpty ? nil : members.reduce(0) { $0 + values[$1] } / Double(members.count)
    }
    return ReliabilityBin(
      lower: Double(index) / Double(count), upper: Double(index + 1) / Double(count), scans: members.count,
      confidence: mean(scans.confidence), accuracy: mean(scans.correct))
  }
}
