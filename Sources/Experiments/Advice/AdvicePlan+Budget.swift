import Adaptation

/// Cutting a plan to its budget, in a stated order: what needs more memory than allowed goes first; then draws down to two, sizes down to
/// three (those in the middle; the smallest and the largest stay), the dearest strategies (never the source model), and the second draw last,
/// for without it nothing shows how much a result owes to its patients.
extension AdvicePlan {
  /// What a strategy takes to fit and ask, at a size.
  package typealias Seconds = (_ strategy: String, _ size: Int) -> Double

  static let leastSizes = 3
  /// Of the time: the rest is for statistics at the end and for steps that take longer than measured.
  static let usableShare = 0.85

  package func seconds(_ cost: Seconds) -> Double {
    strategies.reduce(0) { sum, strategy in sum + sizes.reduce(0) { $0 + cost(strategy, $1) } } * Double(draws * folds)
  }

  /// Of the fits that aren't made yet.
  /// - Parameter made: seconds of one fit that was; 0 where it wasn't.
  package func remaining(_ cost: Seconds, made: Seconds) -> Double {
    seconds(cost) - strategies.reduce(0) { sum, strategy in sum + sizes.reduce(0) { $0 + made(strategy, $1) } }
  }

  /// - Parameters:
  ///   - left: seconds of the budget that aren't used yet.
  ///   - made: seconds of a fit of the first block that is made already, in `left` no more; 0 where it isn't.
  ///   - bytes: the most a strategy takes; nil where nobody knows.
  /// - Returns: nil where not even the smallest plan fits, with what that would take.
  package func cut(
    to left: Double, memory: Int, cost: Seconds, made: Seconds = { _, _ in 0 }, bytes: (String) -> Int?
  ) -> (plan: AdvicePlan, needed: Double?) {
    var plan = self
    for strategy in strategies.dropFirst() {
      if let needed = bytes(strategy), needed > memory {
        plan.leaveOut(strategy, .strategyNeedsMemory(strategy: strategy, bytes: needed, allowed: memory))
      }
    }
    let usable = left * Self.usableShare
    func fits() -> Bool { plan.remaining(cost, made: made) <= usable }
    while !fits(), plan.draws > 2 { plan.draws -= 1 }
    while !fits(), plan.sizes.count > Self.leastSizes { plan.sizes.remove(at: plan.sizes.count / 2) }
    var dearest: [AdviceCut] = []
    while !fits(), plan.strategies.count > 2 {
      let last = plan.strategies.dropFirst().max { plan.total($0, cost) < plan.total($1, cost) }!
      // With one draw instead of two it might have stayed; that isn't worth a spread.
      dearest.append(.strategyNeedsTime(strategy: last, seconds: plan.seconds(cost)))
      plan.strategies.removeAll { $0 == last }
    }
    while !fits(), plan.draws > 1 { plan.draws -= 1 }
    if plan.draws < draws { plan.cuts.append(.draws(from: draws, to: plan.draws)) }
    if plan.sizes.count < sizes.count { plan.cuts.append(.sizes(left: plan.sizes, from: sizes.count)) }
    plan.cuts += dearest
    return (plan, fits() ? nil : plan.remaining(cost, made: made) / Self.usableShare)
  }

  private func total(_ strategy: String, _ cost: Seconds) -> Double { sizes.reduce(0) { $0 + cost(strategy, $1) } }

  private mutating func leaveOut(_ strategy: String, _ cut: AdviceCut) {
    strategies.removeAll { $0 == strategy }
    cuts.append(cut)
  }
}
