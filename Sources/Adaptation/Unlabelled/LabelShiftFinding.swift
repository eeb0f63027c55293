/// Whether the classes' shares moved, from what three models' answers say of them.
///
/// No one of them can be believed alone. A scanner that breaks the source model makes it answer one class, which looks like a shift; new
/// statistics repair that, and pull the shares of a true shift towards the source's. So a shift is believed
/// - of the source model where the scanner doesn't show at the first normalization, which sees no class, and the model hasn't collapsed:
///   its 95 % interval by patient leaves out the share in training, and the estimate is further from it than the tolerance; or
/// - where the model with new early statistics says so in the same way, and the one with new statistics throughout still leans the same way,
///   by half the tolerance.
///
/// Over phantoms of 32 and 64 pixels, three seeds each, this and the early half alone, which was asked before, are compared in
/// `LabelShiftGuardTests`.
struct LabelShiftFinding {
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

  var scannerShows: Bool { scannerMismatch >= Self.leastMismatch }

  /// The class that an estimate finds furthest from its share in training, beyond interval and tolerance; nil where none is.
  private func moved(_ estimate: LabelShiftEstimate) -> Int? {
    guard let intervals = estimate.intervals else { return nil }
    return estimate.shares.indices.filter { label in
      abs(change(estimate, label)) > tolerance && !(intervals[label].lower...intervals[label].upper).contains(estimate.prior[label])
    }.max { (change(estimate, $0), $0) < (change(estimate, $1), $1) }
  }

  private func change(_ estimate: LabelShiftEstimate, _ label: Int) -> Double { estimate.shares[label] - estimate.prior[label] }

  private var sourceHasCollapsed: Bool { source.intervals?.contains { $0.lower > Self.collapse } ?? false }

  /// What is believed, and the class it is about; nil where nothing moved.
  private var believed: (estimate: LabelShiftEstimate, label: Int, by: String)? {
    if !scannerShows, !sourceHasCollapsed, let label = moved(source) { return (source, label, "by the source model") }
    guard let label = moved(early) else { return nil }
    let (first, second) = (change(early, label), change(whole, label))
    return first * second > 0 && abs(second) > tolerance / 2
      ? (early, label, "with new early statistics, and after new ones throughout") : nil
  }

  /// A shift that can't be excluded, with one patient, counts.
  var hasMoved: Bool { source.intervals == nil || believed != nil }

  var sentence: String {
    guard source.intervals != nil else { return "the classes' shares can't be estimated from one patient" }
    if let believed {
      return "\(estimated(believed.estimate, believed.label)), \(believed.by)"
    }
    let shown = scannerShows || sourceHasCollapsed ? early : source
    let label = shown.shares.indices.max { shown.shares[$0] < shown.shares[$1] } ?? 0
    let reason = moved(shown) == nil ? "not beyond interval and tolerance" : "which new statistics throughout don't bear out"
    return "\(estimated(shown, label)): \(reason)"
  }

  private func estimated(_ estimate: LabelShiftEstimate, _ label: Int) -> String {
    let interval = estimate.intervals.map { " (\(percent($0[label].lower)) to \(percent($0[label].upper)))" } ?? ""
    return "'\(labels[label])' is estimated at \(percent(estimate.shares[label]))\(interval) of the scans, "
      + "\(percent(estimate.prior[label])) in the source's training"
  }
}
