import Evaluation

/// How a model's answers on its own training patients look, with no label read: how sure it is, of what, and how far it is from where
/// training began.
public struct AnswerState: Hashable, Sendable, Codable {
  /// Epochs trained; 0 is the source's weights with the target's statistics, where training began.
  public let epochs: Int
  public let scans: Int
  /// Mean entropy over `ln(classes)`: 0 sure, 1 uniform.
  public let entropy: Double
  /// The share of scans below the loss's threshold.
  public let belowThreshold: Double
  /// The share of scans decided for each class, by index.
  public let shares: [Double]
  /// The share of scans decided as where training began.
  public let agreement: Double

  init(_ answers: [Prediction], epochs: Int, threshold: Double, start: [Prediction]) {
    let count = Double(answers.count)
    let entropies = answers.map(\.normalizedEntropy)
    self.epochs = epochs
    scans = answers.count
    entropy = entropies.reduce(0, +) / count
    belowThreshold = Double(entropies.count { threshold >= 1 || $0 < threshold }) / count
    shares = (0..<(answers.first?.probabilities.count ?? 0)).map { label in Double(answers.count { $0.decision == label }) / count }
    agreement = Double(zip(answers, start).count { $0.decision == $1.decision }) / count
  }

  var largestShare: Double { shares.max() ?? 1 }
}

/// The course of a training without labels, and how it ended: for reports.
public struct UnlabelledTraining: Hashable, Sendable, Codable {
  /// The start's first, then one for each epoch.
  public let states: [AnswerState]
  /// Why training ended early; nil where it didn't.
  public let collapse: Collapse?
  /// Epochs behind the weights that were taken: 0 is the model with new statistics alone.
  public let epochsKept: Int

  /// As reports say it.
  public var sentence: String {
    guard let first = states.first, let last = states.last else { return "" }
    let course =
      "entropy \(rounded(first.entropy)) to \(rounded(last.entropy)) of 1, largest class share \(percent(first.largestShare)) to "
      + "\(percent(last.largestShare)), \(percent(last.agreement)) of decisions as at the start"
    guard let collapse else { return course }
    let taken = epochsKept == 0 ? "the model with new statistics and untrained gamma and beta is taken" : "epoch \(epochsKept) is taken"
    return "\(collapse): \(taken) (\(course))"
  }
}

private func rounded(_ value: Double) -> String { "\((100 * value).rounded() / 100)" }
/// A share in percent, for sentences.
func percent(_ share: Double) -> String { "\((1000 * share).rounded() / 10) %" }
