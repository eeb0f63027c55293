import Adaptation

/// Which fits are made: strategies at sizes, over draws and folds.
package struct AdvicePlan: Hashable, Sendable {
  /// In the order of the study, the source model first.
  package var strategies: [String]
  /// Training patients, ascending.
  package var sizes: [Int]
  package var draws: Int
  package let folds: Int
  /// What was left out to stay within the budget, in the order in which it was.
  package var cuts: [AdviceCut] = []

  package init(strategies: [String], sizes: [Int], draws: Int, folds: Int) {
    (self.strategies, self.sizes, self.draws, self.folds) = (strategies, sizes, draws, folds)
  }

  /// Every fit of a block: all strategies at all sizes in one fold and draw. Only whole blocks are compared.
  func block(fold: Int, draw: Int) -> [AdviceFit.Place] {
    sizes.flatMap { size in strategies.map { AdviceFit.Place(strategy: $0, fold: fold, draw: draw, size: size) } }
  }

  /// In the order in which they are made: a draw through all folds, then the next.
  var blocks: [(fold: Int, draw: Int)] { (0..<draws).flatMap { draw in (0..<folds).map { (fold: $0, draw: draw) } } }
}

/// Something left out of a study to keep it within its budget.
public enum AdviceCut: Hashable, Codable, Sendable {
  /// More than the memory that was allowed.
  case strategyNeedsMemory(strategy: String, bytes: Int, allowed: Int)
  case draws(from: Int, to: Int)
  case sizes(left: [Int], from: Int)
  /// The dearest, where draws and sizes were at their least.
  case strategyNeedsTime(strategy: String, seconds: Double)
  /// The time was over while fits were being made.
  case timeOver(fits: Int, planned: Int)

  public var sentence: String {
    switch self {
    case .strategyNeedsMemory(let strategy, let bytes, let allowed):
      "\(strategy) isn't measured: it took \(Self.gigabytes(bytes)) in a few steps, and --memory allows \(Self.gigabytes(allowed))"
    case .draws(let from, let to): "only \(to) of \(from) draws of patients are made, to stay within --time"
    case .sizes(let left, let from):
      "only \(left.count) of \(from) sizes are measured (\(left.map(String.init).joined(separator: ", "))), to stay within --time"
    case .strategyNeedsTime(let strategy, let seconds):
      "\(strategy) isn't measured: with it the smallest study would take about \(Self.duration(seconds)), more than --time"
    case .timeOver(let fits, let planned): "the time was over after \(fits) of \(planned) fits; whole folds of what was made are compared"
    }
  }

  static func gigabytes(_ bytes: Int) -> String { "\((Double(bytes) / 1e8).rounded() / 10) GB" }

  static func duration(_ seconds: Double) -> String {
    seconds < 90 ? "\(Int(seconds.rounded(.up))) s" : "\(Int((seconds / 60).rounded(.up))) min"
  }
}
