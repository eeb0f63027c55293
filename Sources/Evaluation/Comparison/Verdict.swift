/// What a paired comparison says about using an adaptation instead of the model it is compared with.
public enum Verdict: String, Hashable, Codable, Sendable, CaseIterable {
  /// The whole interval of the gain lies above the smallest gain worth having.
  case adapt
  /// The whole interval lies at or below it: the adaptation does harm, or nothing worth having.
  case leaveAlone = "leave alone"
  /// The interval holds both, or there are too few patients, or nothing to compare.
  case cannotTell = "cannot tell"
}

/// When an interval counts as an answer.
public struct VerdictRule: Hashable, Codable, Sendable {
  /// The smallest gain worth having, in the metric's own units; 0.01 is one point.
  public var margin: Double
  /// With fewer patients than this the verdict is `cannotTell`, however clear the interval looks.
  public var minimumPatients: Int
  /// The same for every class that occurs: a bootstrap cannot see the spread of a class that two patients stand for.
  public var minimumPatientsPerClass: Int

  public init(margin: Double = 0.01, minimumPatients: Int = 20, minimumPatientsPerClass: Int = 5) {
    precondition(margin >= 0, "a margin of \(margin)")
    self.margin = margin
    self.minimumPatients = minimumPatients
    self.minimumPatientsPerClass = minimumPatientsPerClass
  }

  /// The verdict on a difference, and why.
  public func verdict(on difference: PairedDifference?) -> VerdictWithReason {
    guard let difference else { return VerdictWithReason(.cannotTell, .undefined) }
    guard let gain = difference.gainInterval else {
      return VerdictWithReason(.cannotTell, difference.missing == .noSpread ? .noSpread : .undefined)
    }
    guard difference.patients >= minimumPatients else {
      return VerdictWithReason(.cannotTell, .tooFewPatients(found: difference.patients, needed: minimumPatients))
    }
    if let fewest = difference.patientsPerClass.filter({ $0 > 0 }).min(), fewest < minimumPatientsPerClass {
      return VerdictWithReason(.cannotTell, .tooFewPatientsOfAClass(found: fewest, needed: minimumPatientsPerClass))
    }
    if gain.lower > margin { return VerdictWithReason(.adapt, .intervalAboveMargin) }
    if gain.upper < 0 { return VerdictWithReason(.leaveAlone, .harm) }
    if gain.upper <= margin { return VerdictWithReason(.leaveAlone, .intervalBelowMargin) }
    return VerdictWithReason(.cannotTell, .intervalHoldsMargin)
  }
}

/// A verdict, and what decided it.
public struct VerdictWithReason: Hashable, Codable, Sendable {
  public enum Reason: Hashable, Codable, Sendable {
    case intervalAboveMargin, intervalBelowMargin, harm, intervalHoldsMargin
    case tooFewPatients(found: Int, needed: Int)
    case tooFewPatientsOfAClass(found: Int, needed: Int)
    /// The metric has no value on these scans, for instance because only one class occurs.
    case undefined
    /// No patient tells the two apart in this metric, which doesn't say how many others would.
    case noSpread
  }

  public let verdict: Verdict
  public let reason: Reason

  init(_ verdict: Verdict, _ reason: Reason) {
    self.verdict = verdict
    self.reason = reason
  }
}
