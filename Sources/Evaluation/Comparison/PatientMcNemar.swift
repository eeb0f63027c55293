/// McNemar's test by patient: under the null hypothesis the two models' decisions on all scans of a patient might as well be swapped.
///
/// The statistic is the number of scans that only the candidate decides rightly less that of the reference; its distribution over all
/// `2^n` swaps of patients is exact, by convolution. With one scan a patient it is McNemar's exact test. It needs no variance, unlike the
/// clustered chi-squared tests of Durkalski et al., Statistics in Medicine 2003, which few patients make unreliable.
public struct PatientMcNemar: Hashable, Codable, Sendable {
  /// Scans that only the candidate got right.
  public let onlyCandidate: Int
  /// Scans that only the reference got right.
  public let onlyReference: Int
  /// Patients on whom the two counts differ.
  public let discordantPatients: Int
  /// Two-sided; 1 when no patient is discordant.
  public let pValue: Double
  /// With half the probability of what was observed.
  public let midPValue: Double

  /// Over the labelled scans that both have, fold by fold.
  public init(candidate: HeldOutPredictions, reference: HeldOutPredictions) {
    var differences: [String: Int] = [:]
    var only = (candidate: 0, reference: 0)
    for (own, other) in zip(candidate.folds, reference.folds) {
      let known = Dictionary(other.map { ($0.scan, $0.decision) }, uniquingKeysWith: { old, _ in old })
      for prediction in own {
        guard let label = prediction.label, let decision = known[prediction.scan] else { continue }
        switch (prediction.decision == label, decision == label) {
        case (true, false):
          only.candidate += 1
          differences[prediction.patient, default: 0] += 1
        case (false, true):
          only.reference += 1
          differences[prediction.patient, default: 0] -= 1
        default: break
        }
      }
    }
    self.init(differences: Array(differences.values), onlyCandidate: only.candidate, onlyReference: only.reference)
  }

  private init(differences: [Int], onlyCandidate: Int, onlyReference: Int) {
    self.onlyCandidate = onlyCandidate
    self.onlyReference = onlyReference
    let steps = differences.map(abs).filter { $0 > 0 }.sorted()
    discordantPatients = steps.count
    let reach = steps.reduce(0, +)
    // The probability of each sum from -reach to reach; after some patients only sums up to theirs are possible.
    var probabilities = [Double](repeating: 0, count: 2 * reach + 1)
    probabilities[reach] = 1
    var extent = 0
    for step in steps {
      let before = probabilities
      for sum in (reach - extent - step)...(reach + extent + step) {
        let down = sum >= step ? before[sum - step] : 0
        let up = sum + step < before.count ? before[sum + step] : 0
        probabilities[sum] = (down + up) / 2
      }
      extent += step
    }
    let observed = abs(onlyCandidate - onlyReference)
    var farther = 0.0
    var equal = 0.0
    for (index, probability) in probabilities.enumerated() {
      if abs(index - reach) > observed { farther += probability }
      if abs(index - reach) == observed { equal += probability }
    }
    pValue = min(1, farther + equal)
    midPValue = min(1, farther + equal / 2)
  }
}
