import Evaluation
import Normalization

/// All that can be seen of an adaptation without labels, on patients it wasn't fitted on.
public struct UnlabelledEvidence: Hashable, Codable, Sendable {
  public let comparison: UnlabelledComparison
  /// The change of the mean entropy, 95 % by patient; nil with one patient.
  public let entropyChange: Interval?
  /// The share of pairs of a patient's scans with the same decision, of the source model and of the adapted one; nil where every patient has
  /// one scan.
  public let referenceConsistency: Double?
  public let candidateConsistency: Double?
  /// The class shares that the answers amount to.
  public let referenceShift: LabelShiftEstimate?
  public let candidateShift: LabelShiftEstimate?
  public let scanner: ScannerEvidence?

  init(
    candidate: [[Prediction]], reference: [[Prediction]], scanner: ScannerEvidence?, resamples: Int, seed: UInt64
  ) throws(GateError) {
    comparison = try UnlabelledComparison(candidate: candidate, reference: reference)
    self.scanner = scanner
    let (candidate, reference) = (candidate.flatMap(\.self), reference.flatMap(\.self))
    let before = Dictionary(reference.map { ($0.scan, $0) }) { first, _ in first }
    let changes = candidate.map { [$0.normalizedEntropy - before[$0.scan]!.normalizedEntropy] }
    entropyChange = PatientMeans(changes, patients: candidate.map(\.patient)).intervals(resamples: resamples, seed: seed).map {
      Interval(lower: $0[0].lower, upper: $0[0].upper, level: 0.95)
    }
    referenceConsistency = Self.consistency(reference)
    candidateConsistency = Self.consistency(candidate)
    referenceShift = .byExpectationMaximization(reference, seed: seed)
    candidateShift = .byExpectationMaximization(candidate, seed: seed)
  }

  private static func consistency(_ predictions: [Prediction]) -> Double? {
    var (same, pairs) = (0, 0)
    for scans in Dictionary(grouping: predictions, by: \.patient).values {
      let counts = Dictionary(grouping: scans, by: \.decision).values.map(\.count)
      same += counts.reduce(0) { $0 + $1 * ($1 - 1) / 2 }
      pairs += scans.count * (scans.count - 1) / 2
    }
    return pairs == 0 ? nil : Double(same) / Double(pairs)
  }
}
