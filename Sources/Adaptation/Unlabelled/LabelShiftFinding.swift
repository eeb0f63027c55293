/// Whether the classes' shares moved, from what three models' answers say of them.
///
/// No one of them can be believed alone. A scanner that breaks the source model makes it answer one class, which looks like a shift; new
/// statistics repair that, and pull the shares of a true shift towards the source's. So a shift is believed
/// - of the source model where the scanner doesn't show at the first normalization, which sees no class, and the model hasn't collapsed:
///   its 95 % interval by patient leaves out the share in training, and the estimate is further from it than the tolerance; or
/// - where the model with new early statistics says so of a class in the same way, and the one with new statistics throughout still leans
///   the same way in that class, by half the tolerance.
///
/// `LabelShiftGuardTests` counts, over phantoms, where this restrains and what it misses.
package struct LabelShiftFinding {
  /// The mean symmetric KL at the first normalization from which another scanner shows.
  static let leastMismatch = 0.03
  /// The least share, in all of its interval, that is a collapse rather than patients of one class.
  static let collapse = 0.98

  let source: LabelShiftEstimate
  let early: LabelShiftEstimate
  let whole: LabelShiftEstimate
  let scannerMismatch: Double
  let labels: [String]
  let tolerance: Double

  package init(
    source: LabelShiftEstimate, early: LabelShiftEstimate, whole: LabelShiftEstimate, scannerMismatch: Double, labels: [String],
    tolerance: Double
  ) {
    (self.source, self.early, self.whole) = (source, early, whole)
    (self.scannerMismatch, self.labels, self.tolerance) = (scannerMismatch, labels, tolerance)
  }

  var scannerShows: Bool { scannerMismatch >= Self.leastMismatch }

  /// The classes that an estimate finds away from their shares in training, beyond interval and tolerance; the furthest first.
  private func moved(_ estimate: LabelShiftEstimate) -> [Int] {
    guard let intervals = estimate.intervals else { return [] }
    return estimate.shares.indices.filter { label in
      abs(change(estimate, label)) > tolerance && !(intervals[label].lower...intervals[label].upper).contains(estimate.prior[label])
    }
    // Of two classes as far away, as any two of two classes are, the one that grew.
    .sorted { left, right in
      let (first, second) = (change(estimate, left), change(estimate, right))
      return ((abs(first) * 1e9).rounded(), first) > ((abs(second) * 1e9).rounded(), second)
    }
  }

  private func change(_ estimate: LabelShiftEstimate, _ label: Int) -> Double { estimate.shares[label] - estimate.prior[label] }

  private var sourceHasCollapsed: Bool { source.intervals?.contains { $0.lower > Self.collapse } ?? false }

  /// What is believed, and the class it is about; nil where nothing moved.
  private var believed: (estimate: LabelShiftEstimate, label: Int, by: String)? {
    if !scannerShows, !sourceHasCollapsed, let label = moved(source).first { return (source, label, "by the source model") }
    let borneOut = moved(early).first { label in
      let (first, second) = (change(early, label), change(whole, label))
      return first * second > 0 && abs(second) > tolerance / 2
    }
    return borneOut.map { (early, $0, "with new early statistics, and after new ones throughout") }
  }

  /// A shift that can't be excluded, with one patient, counts.
  package var hasMoved: Bool { source.intervals == nil || believed != nil }

  package var sentence: String {
    guard source.intervals != nil else { return "the classes' shares can't be estimated from one patient" }
    if let believed {
      return "\(estimated(believed.estimate, believed.label)), \(believed.by)"
    }
    let shown = scannerShows || sourceHasCollapsed ? early : source
    let label = moved(shown).first ?? shown.shares.indices.max { shown.shares[$0] < shown.shares[$1] } ?? 0
    let reason = moved(shown).isEmpty ? "not beyond interval and tolerance" : "which new statistics throughout don't bear out"
    return "\(estimated(shown, label)): \(reason)"
  }

  private func estimated(_ estimate: LabelShiftEstimate, _ label: Int) -> String {
    let interval = estimate.intervals.map { " (\(percent($0[label].lower)) to \(percent($0[label].upper)))" } ?? ""
    return "'\(labels[label])' is estimated at \(percent(estimate.shares[label]))\(interval) of the scans, "
      + "\(percent(estimate.prior[label])) in the source's training"
  }
}
