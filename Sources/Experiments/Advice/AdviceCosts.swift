import Adaptation

/// What each strategy costs here: from a few steps, and then from its own fits. Kept, so that a continued run plans as the first one did.
struct AdviceCosts: Codable, Sendable {
  static let formatVersion = 1
  static let file = "costs.json"

  struct Entry: Codable, Sendable {
    var strategy: String
    var cost: StrategyCost?
    /// Why there is none.
    var failure: String?
  }

  /// A fit of the first block, and what it took.
  struct Fit: Codable, Sendable {
    var strategy: String
    var size: Int
    var seconds: Double
  }

  var format = AdviceCosts.formatVersion
  var configuration: String
  var entries: [Entry]
  /// Scans that were measured on.
  var sample: Int
  /// What measuring took.
  var seconds: Double
  /// Strategies fitted at the smallest size before anything was left out for the time; absent before that.
  var trial: [Fit]?
  /// Fits of the first block once it was finished, the trial's among them; absent before that.
  var block: [Fit]?

  /// By which the study is planned: the newest there are.
  var fits: [Fit] { block ?? trial ?? [] }

  /// Of measuring, and of the fits that the plan goes by.
  var spent: Double { seconds + fits.reduce(0) { $0 + $1.seconds } }

  func cost(of strategy: String) -> StrategyCost? { entries.first { $0.strategy == strategy }?.cost }

  /// What a fit of the first block took; 0 where it wasn't made.
  func made(_ strategy: String, _ size: Int) -> Double { fits.first { $0.strategy == strategy && $0.size == size }?.seconds ?? 0 }

  /// A fit's seconds: measured where it was, else those of the steps in the ratio that the strategy's nearest fit had to its own, else in the
  /// ratio of all fits. Steps measured on a few scans make fits look dearer than they are, for what a run does once is shared out over them.
  func seconds(of strategy: String, at size: Int, fromSteps: (_ strategy: String, _ size: Int) -> Double) -> Double {
    let own = fits.filter { $0.strategy == strategy }
    if let same = own.first(where: { $0.size == size }) { return same.seconds }
    if let nearest = own.min(by: { (abs($0.size - size), $0.size) < (abs($1.size - size), $1.size) }) {
      let then = fromSteps(strategy, nearest.size)
      return then > 0 ? nearest.seconds * fromSteps(strategy, size) / then : nearest.seconds
    }
    let (measured, expected) = fits.reduce((0.0, 0.0)) { ($0.0 + $1.seconds, $0.1 + fromSteps($1.strategy, $1.size)) }
    return fromSteps(strategy, size) * (expected > 0 ? measured / expected : 1)
  }
}
