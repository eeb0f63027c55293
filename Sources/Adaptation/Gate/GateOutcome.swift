import Evaluation

/// What the gate found of one part of an adaptation.
public struct GateTrial: Hashable, Codable, Sendable {
  public let part: AdaptedPart
  /// Against the source model; nil where the metric is undefined.
  public let difference: PairedDifference?
  /// What the gain isn't below, with the imagined patient counted.
  public let bound: Double?
  public let finding: GateOutcome.Reason

  init(_ part: AdaptedPart, _ difference: PairedDifference?, _ bound: Double?, _ finding: GateOutcome.Reason) {
    self.part = part
    self.difference = difference
    self.bound = bound
    self.finding = finding
  }
}

/// What the gate decided, and on what.
public struct GateOutcome: Hashable, Codable, Sendable {
  public enum Decision: String, Hashable, Codable, Sendable {
    case accepted
    case acceptedInPart = "accepted in part"
    case refused
    /// No label could check it, and nothing that can be seen speaks against it.
    case unverified
    /// There was nothing to judge it by, or nobody asked.
    case notJudged = "not judged"
  }

  public enum Reason: Hashable, Codable, Sendable {
    case boundAboveMargin(bound: Double, margin: Double)
    case boundBelowMargin(bound: Double, margin: Double)
    case harm(upper: Double)
    /// The metric is fine, and one of the others that must not lose isn't; nil where it is undefined.
    case guardBelowMargin(metric: Metric, bound: Double?, margin: Double)
    case tooFewPatients(found: Int, needed: Int)
    case tooFewPatientsOfAClass(found: Int, needed: Int)
    case tooFewPatientsOfAFinding(found: Int, needed: Int)
    /// The metric has no value on these scans.
    case undefined
    case worseThanInPlace
    /// All together it may pass, but these lose beyond chance: each wants an adaptation of its own.
    case harmsScanners([String])
    /// The mean over findings may pass, but these lose beyond chance.
    case harmsFindings([String])
    case objections([UnlabelledObjection])
    /// The strategy itself left the source model as it is.
    case strategyRefused(String)
    case noObjection
    /// Several findings a scan, none of them labelled.
    case unlabelledFindings
    /// Normalization of another kind, and no label to judge it by.
    case unlabelledSwap
    /// A new or extended head answers in other labels than the source model, or there is no source model.
    case nothingToCompareWith
    case notAsked
  }

  public let decision: Decision
  public let reason: Reason
  /// What was accepted.
  public let part: AdaptedPart
  /// The whole adaptation's first; empty without labels.
  public let trials: [GateTrial]
  /// Against what was in place.
  public let inPlace: PairedDifference?
  public let unlabelled: UnlabelledEvidence?

  init(
    _ decision: Decision, _ reason: Reason, part: AdaptedPart = .whole, trials: [GateTrial] = [],
    inPlace: PairedDifference? = nil,
    unlabelled: UnlabelledEvidence? = nil
  ) {
    self.decision = decision
    self.reason = reason
    self.part = part
    self.trials = trials
    self.inPlace = inPlace
    self.unlabelled = unlabelled
  }

  init(_ evidence: UnlabelledEvidence, objections: [UnlabelledObjection]) {
    self.init(
      objections.isEmpty ? .unverified : .refused, objections.isEmpty ? .noObjection : .objections(objections), unlabelled: evidence)
  }

  /// Nobody judged it.
  public static func notJudged(_ reason: Reason) -> GateOutcome { GateOutcome(.notJudged, reason) }

  /// Whether the adapted model, or the part of it, may be put in place.
  /// - Parameter unverified: whether one that no label could check may be.
  public func accepts(unverified: Bool) -> Bool {
    switch decision {
    case .accepted, .acceptedInPart, .notJudged: true
    case .refused: false
    case .unverified: unverified
    }
  }

  /// The accepted part's difference from the source model, else the whole's; nil without labels.
  public var difference: PairedDifference? { (trials.last { $0.part == part } ?? trials.first)?.difference }
}

extension GateOutcome: CustomStringConvertible {
  /// As a person reads it.
  public var description: String {
    let what = decision == .acceptedInPart ? "\(decision.rawValue) (\(part.name))" : decision.rawValue
    return "\(what): \(reason)"
  }
}

extension GateOutcome.Reason: CustomStringConvertible {
  public var description: String {
    switch self {
    case .boundAboveMargin(let bound, let margin):
      "on held-out patients the change is above \(points(bound)) points, more than the -\(points(margin)) that are put up with"
    case .boundBelowMargin(let bound, let margin):
      "a loss of more than \(points(margin)) points can't be excluded (the change may be \(points(bound)))"
    case .guardBelowMargin(let metric, let bound, let margin):
      "a loss of more than \(points(margin)) points of \(metric.name) can't be excluded"
        + (bound.map { " (the change may be \(points($0)))" } ?? "")
    case .harm(let upper): "it does harm on held-out patients (the change is below \(points(upper)) points)"
    case .tooFewPatients(let found, let needed): "found \(found) labelled patients; expected at least \(needed)"
    case .tooFewPatientsOfAClass(let found, let needed): "found \(found) patients of the rarest class; expected at least \(needed)"
    case .tooFewPatientsOfAFinding(let found, let needed):
      "found \(found) patients with, or without, one of the findings; expected at least \(needed), or that finding left out of the columns"
    case .harmsFindings(let findings): "it does harm on held-out patients to \(findings.joined(separator: ", "))"
    case .unlabelledFindings:
      "found no labelled finding; expected some to judge by, since without labels nothing speaks for or against several findings a scan "
        + "(--ungated fits without being judged)"
    case .unlabelledSwap:
      "found no label; expected some to judge another kind of normalization by, which costs accuracy even on the source's own scanner, unseen "
        + "(--ungated fits without being judged)"
    case .harmsScanners(let scanners):
      "it does harm on held-out patients of \(scanners.joined(separator: ", ")); adapt to each scanner by itself (--per-scanner)"
    case .undefined: "the metric has no value on these patients, for instance because one class only occurs"
    case .worseThanInPlace: "what is in place does better on these patients, beyond chance"
    case .objections(let objections): objections.map(\.description).joined(separator: "; ")
    case .strategyRefused(let why): why
    case .noObjection: "no label could check it; nothing that can be seen without labels speaks against it"
    case .nothingToCompareWith: "its labels aren't the source model's, so there are no answers to compare with"
    case .notAsked: "the gate was switched off"
    }
  }

  private func points(_ value: Double) -> String {
    let tenths = (value * 1000).rounded() / 10
    return tenths == 0 ? "0.0" : "\(tenths)"
  }
}
