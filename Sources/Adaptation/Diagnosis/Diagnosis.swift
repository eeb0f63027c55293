import Cohorts
import Evaluation
import Normalization

/// All that was found about one scanner: whether it differs, where in the network it shows, what would help, and whether the gate would
/// let that pass. Nil is not measured: too few patients, no other scanner, no label.
public struct ScannerDiagnosis: Sendable, Codable {
  public let scanner: ScannerID
  public let patients: Int
  public let scans: Int
  /// Against the model's stored statistics.
  public var stored: MismatchReport
  /// Against the reference scanner as the model sees it.
  public var againstReference: MismatchReport?
  public var input: InputProfile?
  public var inputShift: InputShift?
  public var channels: [ChannelHealth]
  /// From the reference scanner, in the feature vectors.
  public var distance: DomainDistance?
  /// The classes' names, and the shares the model's answers amount to, by each method that could be used; none for a model of several
  /// findings a scan, whose answers have no shares.
  public var labels: [String]
  public var labelShift: [LabelShiftEstimate]
  public var remedies: [Remedy]
  /// Of the first remedy.
  public var gate: GateOutcome?

  /// Of both comparisons.
  public var conclusion: DiagnosisConclusion {
    DiagnosisConclusion(stored: stored, againstReference: againstReference, input: inputShift)
  }
}

/// How far two scanners lie apart in the network's feature vectors.
public struct DomainDistance: Sendable, Codable {
  public let frechet: FrechetDistance?
  public let proxyA: ProxyADistance?
}

/// What one remedy takes away of a mismatch, fitted on half of the scanner's patients and measured on the other half, and the other way
/// round.
public struct Remedy: Sendable, Codable {
  public let name: String
  /// The mean symmetric KL over layers between what the held-out patients show and the statistics in the model: before, and with the
  /// remedy's. Nil where the remedy keeps none (instance normalization).
  public let mismatchBefore: Double
  public let mismatchAfter: Double?
  /// From the reference scanner's feature vectors, each under the model that would be used for it; nil without a reference.
  public let distanceBefore: DomainDistance?
  public let distanceAfter: DomainDistance?
  /// The share of held-out scans whose decision it changes; of several findings a scan, of all their decisions.
  public let changedDecisions: Double

  /// 1: all of it. Negative: it makes things worse.
  public var removed: Double? { mismatchAfter.map { mismatchBefore > 0 ? 1 - $0 / mismatchBefore : 0 } }
}
