import Cohorts
import Normalization

/// What a diagnosis comes to: against the statistics stored in the model, and against the reference scanner where there is one. Neither
/// speaks for the other: two scanners may look alike to a network that was trained on neither.
public struct DiagnosisConclusion: Hashable, Sendable {
  public let stored: DepthConclusion
  /// Nil without a reference scanner, and for the reference scanner itself.
  public let againstReference: DepthConclusion?
  /// The reference scanner's name.
  public let reference: ScannerID?

  public init(stored: MismatchReport, againstReference: MismatchReport?, input: InputShift?) {
    self.stored = DepthConclusion(stored)
    self.againstReference = againstReference.map { DepthConclusion($0, input: input) }
    reference = againstReference.flatMap { if case .scanner(let scanner) = $0.reference { scanner } else { nil } }
  }

  /// Whether nothing differs from anything by more than chance.
  public var isNothing: Bool { stored == .nothing && (againstReference ?? .nothing) == .nothing }

  /// The findings of both comparisons, in plain words.
  public var finding: String {
    guard let againstReference, let reference else { return "Against the model's stored statistics: \(stored.finding)" }
    return "Against scanner \(reference): \(againstReference.finding) Against the model's stored statistics: \(stored.finding)"
  }

  /// What to do first.
  public var suggestion: String {
    guard let againstReference, let reference else { return stored.suggestion }
    switch (againstReference, stored) {
    case (.nothing, .nothing), (.nothing, .tooFewPatients): return stored.suggestion
    case (.nothing, _):
      return "This scanner and \(reference) look alike to the network, and neither as the model's statistics say. If the model was trained "
        + "on \(reference), check the preprocessing and the model's file first; else new normalization statistics are the remedy to try, for "
        + "both."
    case (.tooFewPatients, _): return againstReference.suggestion
    case (_, .nothing):
      return againstReference.suggestion
        + " But the model's stored statistics hold here within chance: it may be \(reference) that differs."
    default: return againstReference.suggestion
    }
  }
}
