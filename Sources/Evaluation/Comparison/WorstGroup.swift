/// Where a metric is worst among several groups of scans, such as scanners.
///
/// The worst of several is picked for being bad, partly by chance. The interval is of the worst group's true value, whichever it is: each
/// group's interval is widened to `1 - (1 - level)/groups` (Bonferroni), so that all hold at once, and the worst ends are taken.
public struct WorstGroup: Hashable, Codable, Sendable {
  public let metric: Metric
  public let group: String
  public let value: Double
  /// Absent where a group has none.
  public let interval: Interval?
  /// Groups in which the metric is defined.
  public let groups: Int

  /// `nil` where the metric is defined in fewer than two groups.
  public init?(_ metric: Metric, groups: [(name: String, scores: ResampledScores)]) {
    let scored = groups.filter { $0.scores.statistic(metric) != nil }
    guard scored.count > 1 else { return nil }
    let level = scored[0].scores.bootstrap.level
    let estimates = scored.map { $0.scores.atLevel(1 - (1 - level) / Double(scored.count)).estimate(metric)! }
    let sign: Double = metric.largerIsBetter ? 1 : -1
    let worst = estimates.indices.min { sign * estimates[$0].value < sign * estimates[$1].value }!
    self.metric = metric
    group = scored[worst].name
    value = estimates[worst].value
    self.groups = scored.count
    let intervals = estimates.compactMap(\.interval)
    interval =
      intervals.count < estimates.count
      ? nil
      : metric.largerIsBetter
        ? Interval(lower: intervals.map(\.lower).min()!, upper: intervals.map(\.upper).min()!, level: level)
        : Interval(lower: intervals.map(\.lower).max()!, upper: intervals.map(\.upper).max()!, level: level)
  }
}
