import Foundation

/// McNemar's exact test on the scans that only one of two models decides rightly. It takes scans as independent: with several scans a
/// patient, take `PatientMcNemar`. McNemar 1947; exact binomial and mid-p as in Fagerland, Lydersen and Laake, "The McNemar test for
/// binary matched-pairs data", BMC Medical Research Methodology 2013.
public struct McNemar: Hashable, Codable, Sendable {
  /// Scans that only the candidate got right.
  public let onlyCandidate: Int
  /// Scans that only the reference got right.
  public let onlyReference: Int
  /// Two-sided; 1 when the two never differ.
  public let pValue: Double
  /// With half the probability of what was observed: nearer to its level than the exact test, which stays below.
  public let midPValue: Double

  public init(onlyCandidate: Int, onlyReference: Int) {
    self.onlyCandidate = onlyCandidate
    self.onlyReference = onlyReference
    let discordant = onlyCandidate + onlyReference
    let fewer = min(onlyCandidate, onlyReference)
    let logHalf = -Double(discordant) * log(2.0)
    var tail = 0.0
    var observed = 0.0
    for count in 0...fewer {
      let logChoices = lgamma(Double(discordant + 1)) - lgamma(Double(count + 1)) - lgamma(Double(discordant - count + 1))
      observed = exp(logChoices + logHalf)
      tail += observed
    }
    pValue = min(1, 2 * tail)
    midPValue = onlyCandidate == onlyReference ? 1 - observed / 2 : 2 * tail - observed
  }

  /// Over the labelled scans that both have.
  public init(candidate: [Prediction], reference: [Prediction]) {
    let known = Dictionary(reference.map { ($0.scan, $0.decision) }, uniquingKeysWith: { old, _ in old })
    var only = (candidate: 0, reference: 0)
    for prediction in candidate {
      guard let label = prediction.label, let other = known[prediction.scan] else { continue }
      let right = (prediction.decision == label, other == label)
      if right == (true, false) { only.candidate += 1 }
      if right == (false, true) { only.reference += 1 }
    }
    self.init(onlyCandidate: only.candidate, onlyReference: only.reference)
  }
}
