/// From which probability on a scan counts as positive, and where that number comes from.
///
/// A threshold chosen on the scans that are scored makes sensitivity and specificity too good: it must come from other patients.
public struct DecisionThreshold: Hashable, Codable, Sendable {
  /// Where the number comes from.
  public enum Origin: Hashable, Codable, Sendable {
    /// Stated before anything was scored.
    case given
    /// Chosen on patients that are not scored with it; as many scans as patients where each patient counts once.
    case validation(patients: Int, scans: Int)
  }

  public var positiveClass: Int
  /// Positive is a probability at or above it.
  public var value: Double
  public var rule: ThresholdRule?
  public var origin: Origin

  public init(_ value: Double, positiveClass: Int = 1, rule: ThresholdRule? = nil, origin: Origin = .given) {
    self.positiveClass = positiveClass
    self.value = value
    self.rule = rule
    self.origin = origin
  }

  public func isPositive(_ prediction: Prediction) -> Bool { prediction.probabilities[positiveClass] >= value }

  public var sentence: String {
    switch origin {
    case .given: "threshold \(value), given beforehand"
    case .validation(let patients, let scans):
      "threshold \(value), chosen for \(rule?.sentence ?? "an unnamed rule") on "
        + (scans == patients ? "\(patients) other patients" : "\(scans) scans of \(patients) other patients")
    }
  }
}

/// What a threshold is chosen for.
public enum ThresholdRule: Hashable, Codable, Sendable {
  /// The largest sensitivity plus specificity; of equals the more specific. Youden, "Index for rating diagnostic tests", 1950.
  case youden
  /// The most specific threshold with at least this sensitivity.
  case sensitivity(atLeast: Double)
  /// The most sensitive threshold with at least this specificity.
  case specificity(atLeast: Double)

  public var sentence: String {
    switch self {
    case .youden: "the largest sensitivity plus specificity"
    case .sensitivity(let least): "a sensitivity of at least \(least)"
    case .specificity(let least): "a specificity of at least \(least)"
    }
  }

  /// The threshold, one of the predictions' own probabilities; `nil` unless both sides occur among the labelled ones, or where only
  /// calling nobody positive is specific enough.
  ///
  /// - Parameter validation: patients that will not be scored with it.
  public func threshold(on validation: [Prediction], positiveClass: Int = 1) -> DecisionThreshold? {
    let labelled = validation.filter { $0.label != nil }
    let positives = labelled.count { $0.label == positiveClass }
    let negatives = labelled.count - positives
    guard positives > 0, negatives > 0 else { return nil }

    let descending = labelled.map { (score: $0.probabilities[positiveClass], isPositive: $0.label == positiveClass) }
      .sorted { $0.score > $1.score }
    var chosen: (score: Double, merit: Double)?
    var truePositives = 0
    var falsePositives = 0
    for (index, scan) in descending.enumerated() {
      if scan.isPositive { truePositives += 1 } else { falsePositives += 1 }
      if index + 1 < descending.count, descending[index + 1].score == scan.score { continue }
      let sensitivity = Double(truePositives) / Double(positives)
      let specificity = Double(negatives - falsePositives) / Double(negatives)
      let merit: Double? =
        switch self {
        case .youden: sensitivity + specificity
        case .sensitivity(let least): sensitivity >= least ? specificity : nil
        case .specificity(let least): specificity >= least ? sensitivity : nil
        }
      if let merit, merit > chosen?.merit ?? -1 { chosen = (scan.score, merit) }
    }
    return chosen.map {
      DecisionThreshold(
        $0.score, positiveClass: positiveClass, rule: self,
        origin: .validation(patients: Set(labelled.map(\.patient)).count, scans: labelled.count))
    }
  }
}
