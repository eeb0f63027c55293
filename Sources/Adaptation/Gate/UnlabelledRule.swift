/// What must hold before an adaptation that no label could check counts as unverified rather than refused.
///
/// A change of the classes' shares moves deep statistics just as a scanner does, and new statistics then absorb the prevalence: that
/// costs accuracy and looks like success. So it isn't enough that nothing looks bad. The scanner must show where no class does, at the
/// first normalization; the source model must visibly have broken down on it; and the adapted model must visibly work.
public struct UnlabelledRule: Hashable, Codable, Sendable {
  public var minimumPatients: Int
  /// The mean symmetric KL at the first normalization below which the source's statistics still serve.
  public var minimumShallowMismatch: Double
  /// The share of scans that the source model decides for one class from which it has collapsed.
  public var collapse: Double
  /// The largest share of one class in the adapted model's answers; and of the class that the source model has collapsed into, which may be
  /// most patients' own.
  public var largestShare: Double
  public var largestShareOfCollapsed: Double
  /// The largest change of a class's share, as the adapted model's answers estimate it by EM, from equal shares.
  public var largestLabelShift: Double
  /// The adapted model's mean entropy, over `ln(classes)`, at most.
  public var largestEntropy: Double
  /// The share of pairs of a patient's scans on which the adapted model agrees with itself, at least.
  public var leastConsistency: Double

  public init(
    minimumPatients: Int = 20, minimumShallowMismatch: Double = 0.1, collapse: Double = 0.95, largestShare: Double = 0.75,
    largestShareOfCollapsed: Double = 0.6, largestLabelShift: Double = 0.15, largestEntropy: Double = 0.4, leastConsistency: Double = 0.9
  ) {
    self.minimumPatients = minimumPatients
    self.minimumShallowMismatch = minimumShallowMismatch
    self.collapse = collapse
    self.largestShare = largestShare
    self.largestShareOfCollapsed = largestShareOfCollapsed
    self.largestLabelShift = largestLabelShift
    self.largestEntropy = largestEntropy
    self.leastConsistency = leastConsistency
  }

  /// Everything that speaks against it; empty where nothing does.
  public func objections(to evidence: UnlabelledEvidence) -> [UnlabelledObjection] {
    let seen = evidence.comparison
    var found: [UnlabelledObjection] = []
    if seen.patients < minimumPatients { found.append(.tooFewPatients(found: seen.patients, needed: minimumPatients)) }
    if let scanner = evidence.scanner, let p = scanner.shallowPValue, p <= 0.05, scanner.shallowMismatch >= minimumShallowMismatch {
    } else {
      found.append(.scannerDoesNotShow(mismatch: evidence.scanner?.shallowMismatch, needed: minimumShallowMismatch))
    }
    let source = seen.referenceShares.max() ?? 1
    if source < collapse { found.append(.sourceStillAnswers(largestShare: source, collapse: collapse)) }
    let adapted = seen.candidateShares.max() ?? 1
    if adapted > largestShare { found.append(.oneClass(share: adapted, limit: largestShare)) }
    if let collapsed = seen.referenceShares.firstIndex(of: source), source >= collapse,
      seen.candidateShares[collapsed] > largestShareOfCollapsed
    {
      found.append(.sourceMayBeRight(share: seen.candidateShares[collapsed], limit: largestShareOfCollapsed))
    }
    if let shift = evidence.candidateShift, shift.largestChange > largestLabelShift {
      found.append(.classesShifted(change: shift.largestChange, limit: largestLabelShift))
    }
    if seen.candidateEntropy > largestEntropy { found.append(.unsure(entropy: seen.candidateEntropy, limit: largestEntropy)) }
    if let agreement = evidence.candidateConsistency, agreement < leastConsistency {
      found.append(.inconsistent(agreement: agreement, limit: leastConsistency))
    }
    return found
  }
}

/// What speaks against an adaptation that no label could check.
public enum UnlabelledObjection: Hashable, Codable, Sendable, CustomStringConvertible {
  case tooFewPatients(found: Int, needed: Int)
  /// What differs may be the classes' shares.
  case scannerDoesNotShow(mismatch: Double?, needed: Double)
  /// There may be nothing to gain.
  case sourceStillAnswers(largestShare: Double, collapse: Double)
  case oneClass(share: Double, limit: Double)
  case sourceMayBeRight(share: Double, limit: Double)
  case classesShifted(change: Double, limit: Double)
  case unsure(entropy: Double, limit: Double)
  case inconsistent(agreement: Double, limit: Double)

  public var description: String {
    func score(_ value: Double) -> String { "\((1000 * value).rounded() / 1000)" }
    switch self {
    case .tooFewPatients(let found, let needed): return "found \(found) patients without labels; expected at least \(needed)"
    case .scannerDoesNotShow(let mismatch, let needed):
      return "the scanner doesn't show at the first normalization (\(mismatch.map(score) ?? "not measured"), needed \(score(needed)) and "
        + "beyond chance), so that what differs may be the classes' shares"
    case .sourceStillAnswers(let share, let collapse):
      return
        "the source model still tells scans apart (\(percent(share)) in one class; collapsed from \(percent(collapse))), so that there "
        + "may be nothing to gain"
    case .oneClass(let share, let limit):
      return "the adapted model puts \(percent(share)) of the scans in one class, more than \(percent(limit))"
    case .sourceMayBeRight(let share, let limit):
      return "the adapted model too puts \(percent(share)) of the scans in the one class that the source model sees, more than "
        + "\(percent(limit)): it may be most patients' own"
    case .classesShifted(let change, let limit):
      return "the class shares seem to have moved by \(percent(change)), more than \(percent(limit)): new statistics would absorb that"
    case .unsure(let entropy, let limit):
      return "the adapted model is unsure (mean entropy \(score(entropy)) of 1, more than \(score(limit)))"
    case .inconsistent(let agreement, let limit):
      return "the adapted model disagrees with itself about scans of one patient (\(percent(agreement)) of pairs agree, needed "
        + "\(percent(limit)))"
    }
  }
}
