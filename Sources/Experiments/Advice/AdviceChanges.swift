import Evaluation
import Foundation

/// What would make another answer right: crossings, more patients, another budget. Sentences that follow from the numbers.
struct AdviceChanges {
  let advice: Advice

  init(_ advice: Advice) { self.advice = advice }

  var sentences: [String] { patientsToTell + advice.crossings.map(\.sentence) + gains + cuts }

  /// How many patients would settle what is open, if the difference stays what it is: intervals shrink with the root of the patients.
  private var patientsToTell: [String] {
    let open = advice.ranks.compactMap { rank -> (String, Double, Int)? in
      guard rank.verdict == .cannotTell, let difference = rank.fromSource else { return nil }
      let gain = -difference.difference
      let half = (difference.interval.upper - difference.interval.lower) / 2
      guard gain > advice.header.margin, half > 0 else { return nil }
      let factor = half / (gain - advice.header.margin)
      let needed = Double(advice.testedPatients) * factor * factor
      return needed < 1e5 ? (rank.strategy, gain, Int((needed / 10).rounded(.up)) * 10) : nil
    }
    guard let nearest = open.min(by: { $0.2 < $1.2 }) else { return [] }
    return [
      "If \(nearest.0) keeps its gain of \(three(nearest.1)), about \(max(nearest.2, advice.testedPatients + 10)) patients would show it "
        + "beyond chance; now \(advice.testedPatients) were asked about."
    ]
  }

  private var gains: [String] {
    let shown = Set([
      advice.verdict.strategy, advice.ranks.min { $0.error < $1.error }?.strategy, advice.gains.max { $0.gain < $1.gain }?.strategy,
    ])
    return advice.gains.filter { shown.contains($0.strategy) }.map { gain in
      "\(gain.strategy): \(gain.additional) more patients would take its error from \(three(gain.now.error)) to \(three(gain.later.error)) "
        + "(gain \(three(gain.gain)), interval \(three(gain.interval.lower)) to \(three(gain.interval.upper))"
        + (gain.isFarBeyondData ? "; far beyond the data" : "") + ")."
    }
  }

  private var cuts: [String] { advice.cuts.map { "For the budget, \($0.sentence)." } }
}

extension Crossing {
  /// n_T* of the pair in words.
  public var sentence: String {
    func patients(_ value: Double) -> String { "\(Int(value.rounded()))" }
    let pair = "\(simpler) and \(richer)"
    switch verdict {
    case .tooFewPatients(let found, let needed): return "\(pair): too few patients to tell (\(found), and it takes \(needed))."
    case .tooFewSizes: return "\(pair): one size says nothing of a crossing."
    case .notReached:
      return "\(pair): \(simpler) errs less throughout; n_T* isn't reached with your data (above \(largest) training patients"
        + (extrapolated.map { "; the fits would meet at about \(patients($0)), a guess" } ?? "") + ")."
    case .belowSmallest: return "\(pair): \(richer) errs less from \(smallest) training patients on; n_T* lies below."
    case .indistinguishable:
      return "\(pair): no crossing can be told; it may lie anywhere, below \(smallest) and above \(largest) training patients included."
    case .equal: return "\(pair): they give the same answers at every size."
    case .reached:
      let place = size.map { "about \(patients($0))" } ?? (upper == nil ? "above \(largest)" : "below \(smallest)")
      return "\(pair): n_T* is \(place) training patients (interval \(lower.map(patients) ?? "below \(smallest)") to "
        + "\(upper.map(patients) ?? "above \(largest)")); \(richer) errs less beyond it."
    }
  }
}
