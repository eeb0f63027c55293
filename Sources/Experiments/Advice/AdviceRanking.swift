import Adaptation
import Evaluation

/// Places from paired differences, ties said as ties, and of equals the one that changes least.
///
/// The best error comes first; whoever's paired difference from it is within chance shares its place. What is left is ranked the same way.
/// Inside a place the fewest trained parameters come first. A strategy is recommended only where its error is smaller than the source
/// model's by more than the margin, interval and all; of several such that can't be told from the best of them, the one that changes least.
struct AdviceRanking {
  let curves: ResampledCurves
  let fits: [AdviceFit]
  let rows: [ExperimentDesign.Row]
  let scores: [String: [Estimate]]
  let rule: VerdictRule
  let patientsPerClass: [Int]
  private let size: Int
  private let names: [String]

  init(
    curves: ResampledCurves, fits: [AdviceFit], rows: [ExperimentDesign.Row], scores: [String: [Estimate]], rule: VerdictRule,
    patientsPerClass: [Int]
  ) {
    (self.curves, self.fits, self.rows, self.scores, self.rule) = (curves, fits, rows, scores, rule)
    self.patientsPerClass = patientsPerClass
    names = curves.strategies
    size = curves.commonSizes(curves.strategies).last!
  }

  static let source = SourceModel().name

  // MARK: verdicts

  /// On the difference from the source model, as an error: below zero is a gain.
  private func verdict(_ difference: SizeDifference) -> Verdict {
    if tooFew != nil { return .cannotTell }
    let gain = Interval(lower: -difference.interval.upper, upper: -difference.interval.lower, level: difference.interval.level)
    if gain.lower > rule.margin { return .adapt }
    if gain.upper <= rule.margin { return .leaveAlone }
    return .cannotTell
  }

  /// Why nothing can be told, whatever intervals look like.
  private var tooFew: String? {
    let fewest = patientsPerClass.filter { $0 > 0 }.min() ?? 0
    if curves.patients < rule.minimumPatients { return "\(curves.patients) patients, and a verdict needs \(rule.minimumPatients)" }
    if fewest < rule.minimumPatientsPerClass {
      return "\(fewest) patients of the rarest class, and a verdict needs \(rule.minimumPatientsPerClass)"
    }
    return nil
  }

  private func fromSource(_ name: String) -> SizeDifference? {
    name == Self.source ? nil : curves.difference(of: name, from: Self.source, at: size)
  }

  private var accepted: [String] { names.filter { fromSource($0).map(verdict) == .adapt } }

  /// The least change among those that can't be told from the best of them.
  private func leastChange(among candidates: [String]) -> String? {
    groups(of: candidates).first?.members.first
  }

  var verdict: AdviceVerdict {
    if let chosen = leastChange(among: accepted) {
      let difference = fromSource(chosen)!
      let best = best(of: names)!
      let tie: String
      if best == chosen {
        tie = "no other strategy that was measured errs less"
      } else {
        let gap = curves.difference(of: chosen, from: best, at: size)!
        tie =
          "\(best) errs less by \(three(gap.difference)) (\(three(gap.interval.lower)) to \(three(gap.interval.upper))), which "
          + (gap.interval.lower <= 0 ? "chance may make" : "isn't shown to beat the source model")
          + (trained(best) > trained(chosen) ? ", and changes more" : "")
      }
      return AdviceVerdict(
        kind: .adapt, strategy: chosen,
        sentence: "Use \(chosen): with \(size) training patients its error is \(three(-difference.difference)) below the source model's "
          + "(\(Int(difference.interval.level * 100)) % interval \(three(-difference.interval.upper)) to \(three(-difference.interval.lower))); \(tie)."
      )
    }
    let others = names.filter { $0 != Self.source }
    if let tooFew {
      return AdviceVerdict(
        kind: .cannotTell, strategy: Self.source,
        sentence: "Too few patients to tell: \(tooFew). Until then leave the source model as it is.")
    }
    guard !others.isEmpty else {
      return AdviceVerdict(
        kind: .cannotTell, strategy: Self.source,
        sentence: "No adaptation could be fitted, so nothing can be told. Until then leave the source model as it is.")
    }
    let open = others.filter { fromSource($0).map(verdict) == .cannotTell }
    guard !open.isEmpty else {
      return AdviceVerdict(
        kind: .leaveAlone, strategy: Self.source,
        sentence:
          "Leave the source model as it is: with \(size) training patients no adaptation's error is more than \(three(rule.margin)) below its own."
      )
    }
    return AdviceVerdict(
      kind: .cannotTell, strategy: Self.source,
      sentence:
        "Too few patients to tell whether \(open.joined(separator: ", ")) \(open.count == 1 ? "gains" : "gain") anything: with \(size) training patients "
        + "\(open.count == 1 ? "its interval holds" : "their intervals hold") both a gain worth having and none. Until then leave the source model as it is."
    )
  }

  // MARK: places

  private func trained(_ name: String) -> Int { fits.first { $0.strategy == name && $0.size == size }?.trainedParameters ?? 0 }

  private func error(_ name: String) -> Double { curves.curve(name).points.first { $0.size == size }!.error }

  private func best(of candidates: [String]) -> String? {
    candidates.enumerated().min { (error($0.element), $0.offset) < (error($1.element), $1.offset) }?.element
  }

  /// Of equals in the number of parameters the study's order decides, which goes from little change to much.
  private func groups(of candidates: [String]) -> [(best: String, members: [String])] {
    var left = candidates
    var made: [(best: String, members: [String])] = []
    while let best = best(of: left) {
      let tied = left.filter { name in
        name == best || (curves.difference(of: name, from: best, at: size)?.interval.lower ?? 0) <= 0
      }
      let order = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
      made.append((best, tied.sorted { (trained($0), order[$0]!) < (trained($1), order[$1]!) }))
      left.removeAll { tied.contains($0) }
    }
    return made
  }

  var ranks: [AdviceRank] {
    let shares = Dictionary(uniqueKeysWithValues: curves.ranking(at: size).map { ($0.strategy, $0.shareBest) })
    let recommended = verdict
    var made: [AdviceRank] = []
    for group in groups(of: names) {
      let place = made.count + 1
      for name in group.members {
        made.append(rank(name, place: place, in: group, shareBest: shares[name] ?? 0, recommended: recommended))
      }
    }
    return made
  }

  private func rank(
    _ name: String, place: Int, in group: (best: String, members: [String]), shareBest: Double, recommended: AdviceVerdict
  ) -> AdviceRank {
    let row = rows.first { $0.entry.name == name }!
    let own = fits.filter { $0.strategy == name }
    let here = own.filter { $0.size == size }
    let point = curves.curve(name).points.first { $0.size == size }!
    let fromBest = name == group.best ? nil : curves.difference(of: name, from: group.best, at: size)
    let difference = fromSource(name)
    let seconds = here.compactMap(\.seconds).sorted()
    return AdviceRank(
      strategy: name, summary: row.entry.summary, place: place, size: size, error: point.error, interval: point.interval,
      scores: scores[name] ?? [], shareBest: shareBest, fromBest: fromBest, fromSource: difference, verdict: difference.map(verdict),
      statistics: row.entry.statistics, head: row.entry.head, trainedParameters: here.first?.trainedParameters ?? 0,
      trainedShare: here.first?.trainedShare ?? 0, seconds: seconds.isEmpty ? nil : seconds[seconds.count / 2],
      peakBytes: own.compactMap(\.peakBytes).max(), isRecommended: name == recommended.strategy && recommended.kind != .cannotTell,
      because: because(name, group, fromBest, recommended))
  }

  private func because(
    _ name: String, _ group: (best: String, members: [String]), _ fromBest: SizeDifference?, _ recommended: AdviceVerdict
  ) -> String {
    if name == recommended.strategy, recommended.kind == .adapt {
      return name == group.best && group.members.count == 1
        ? "errs least, beyond chance" : "changes least of those that can't be told apart"
    }
    if let fromBest {
      return
        "not told from \(group.best): \(signed(fromBest.difference)) (\(signed(fromBest.interval.lower)) to \(signed(fromBest.interval.upper)))"
    }
    return group.members.count == 1 ? "alone in its place" : "errs least of its place"
  }

  private func signed(_ value: Double) -> String { (value < 0 ? "-" : "+") + three(abs(value)) }
}

/// To three places, for sentences.
func three(_ value: Double) -> String {
  let rounded = (abs(value) * 1000).rounded()
  let digits = String(Int(rounded) % 1000)
  return (value < 0 && rounded > 0 ? "-" : "") + "\(Int(rounded) / 1000)." + String(repeating: "0", count: 3 - digits.count) + digits
}
