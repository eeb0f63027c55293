/// The number of training patients n_T* from which a strategy that changes more errs less than one that changes less.
///
/// The measured differences (less minus more, paired) at the common sizes are made monotone, as the gap in variance that more change costs
/// closes with patients (isotonic regression, weighted by one over the variance), and joined by lines over log n; n_T* is where they pass 0.
/// Curves that cross twice therefore give the one crossing that fits them best, and `signChanges` tells. The interval is that of the
/// same in every resample, where a resample that never crosses counts as beyond the data on its side: an end that the data can't
/// bound is absent. Nothing beyond the largest size decides anything; `extrapolated` is only a guess from the fits.
public struct Crossing: Hashable, Codable, Sendable {
  public enum Verdict: Hashable, Codable, Sendable {
    /// Both ends of the interval lie within the sizes measured, or the data bound it on one side only.
    case reached
    /// The interval lies wholly beyond the largest size: with these patients changing less is better throughout.
    case notReached
    /// The interval lies wholly below the smallest size: changing more is better throughout.
    case belowSmallest
    /// The interval runs from below the smallest size to beyond the largest.
    case indistinguishable
    /// The two err alike at every size, in every resample: they gave the same answers.
    case equal
    case tooFewPatients(found: Int, needed: Int)
    /// Fewer than two common sizes.
    case tooFewSizes(found: Int)
  }

  /// Changes less, such as a linear probe.
  public let simpler: String
  /// Changes more, such as full fine-tuning.
  public let richer: String
  public let verdict: Verdict
  /// Of the measured curves; absent where they don't cross within the sizes.
  public let size: Double?
  /// Absent where the interval starts below the smallest size.
  public let lower: Double?
  /// Absent where it ends beyond the largest.
  public let upper: Double?
  public let level: Double
  public let smallest: Int
  public let largest: Int
  /// Shares of the resamples that cross below the smallest size, within the sizes, and not up to the largest.
  public let shareBelow: Double
  public let shareWithin: Double
  public let shareBeyond: Double
  /// How often the measured difference changes its sign from one size to the next; more than once is noise or a double crossing.
  public let signChanges: Int
  /// Where the fitted power laws meet beyond the largest size, up to ten times it. A guess, not evidence.
  public let extrapolated: Double?
}

extension ResampledCurves {
  /// - Parameters:
  ///   - simpler: the strategy that changes less.
  ///   - richer: the one that changes more.
  public func crossing(from simpler: String, to richer: String) -> Crossing {
    let common = commonSizes([simpler, richer])
    let first = common.map { cell(simpler, $0)! }
    let second = common.map { cell(richer, $0)! }
    let differences = zip(first, second).map { $0.value - $1.value }
    let resamples = zip(first, second).map { pair in zip(pair.0.resampled, pair.1.resampled).map { $0 - $1 } }
    let weights = Self.weights(resamples)
    let place = CrossingPlace(sizes: common, weights: weights)
    let measured = place.crossing(of: differences)
    let sorted = (0..<bootstrap.resamples).map { resample in place.crossing(of: resamples.map { $0[resample] }) }.sorted()
    let tail = (1 - bootstrap.level) / 2
    let last = bootstrap.resamples - 1
    let lower = sorted[Int((tail * Double(last)).rounded(.down))]
    let upper = sorted[Int(((1 - tail) * Double(last)).rounded(.up))]
    func share(_ matches: (Double) -> Bool) -> Double { Double(sorted.count(where: matches)) / Double(sorted.count) }
    func within(_ size: Double) -> Double? { size > 0 && size < .infinity ? size : nil }
    let isEqual = differences.allSatisfy { $0 == 0 } && resamples.allSatisfy { $0.allSatisfy { $0 == 0 } }
    let verdict = verdict(sizes: common.count, isEqual: isEqual, lower: lower, upper: upper)
    return Crossing(
      simpler: simpler, richer: richer, verdict: verdict, size: within(measured),
      lower: within(lower), upper: within(upper), level: bootstrap.level, smallest: common.first ?? 0, largest: common.last ?? 0,
      shareBelow: share { $0 == 0 }, shareWithin: share { $0 > 0 && $0 < .infinity }, shareBeyond: share { $0 == .infinity },
      signChanges: zip(differences, differences.dropFirst()).count { ($0 > 0) != ($1 > 0) },
      extrapolated: extrapolated(simpler, richer, beyond: common.last))
  }

  private func verdict(sizes: Int, isEqual: Bool, lower: Double, upper: Double) -> Crossing.Verdict {
    guard patients >= bootstrap.minimumPatients else { return .tooFewPatients(found: patients, needed: bootstrap.minimumPatients) }
    guard sizes >= 2 else { return .tooFewSizes(found: sizes) }
    if isEqual { return .equal }
    return switch (lower, upper) {
    case (0, 0): .belowSmallest
    case (.infinity, .infinity): .notReached
    case (0, .infinity): .indistinguishable
    default: .reached
    }
  }

  private func extrapolated(_ simpler: String, _ richer: String, beyond largest: Int?) -> Double? {
    guard let largest, let first = fits[index(simpler)], let second = fits[index(richer)] else { return nil }
    func gap(_ size: Double) -> Double { first.error(at: size) - second.error(at: size) }
    var lower = Double(largest)
    guard gap(lower) <= 0 else { return nil }
    for step in 1...100 {
      var upper = Double(largest) * (1 + 0.09 * Double(step))
      guard gap(upper) > 0 else {
        lower = upper
        continue
      }
      for _ in 0..<50 {
        let middle = (lower + upper) / 2
        if gap(middle) > 0 { upper = middle } else { lower = middle }
      }
      return upper
    }
    return nil
  }
}
