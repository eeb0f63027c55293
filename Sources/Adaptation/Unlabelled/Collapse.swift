/// When training on its own answers has led a model astray, seen from those answers alone.
///
/// Entropy is smallest where every scan gets the same answer with certainty, so the loss alone rewards a collapse. After each epoch the
/// answers on the training patients, with statistics brought up to the weights, are compared with those at the start. The start is the
/// source's weights with the target's statistics rather than the source model itself, whose own statistics may have broken down here.
/// Collapsed is a model
/// - that puts nearly all scans in one class (`largestShare`) where it didn't at the start, or
/// - that is nearly certain throughout (mean entropy below `leastEntropy`) while its decisions have left those of the start (agreement below
///   `leastAgreement`): it learnt to be sure of something else.
///
/// SAR (Niu et al. 2023) resets where a moving average of the loss falls below 0.2 of ln 1000, that is 0.03; by itself a low entropy is also
/// what success looks like, so here it takes the second sign.
public struct CollapseRule: Hashable, Sendable, Codable {
  public var largestShare: Double
  /// Over `ln(classes)`.
  public var leastEntropy: Double
  public var leastAgreement: Double

  public init(largestShare: Double = 0.95, leastEntropy: Double = 0.05, leastAgreement: Double = 0.8) {
    self.largestShare = largestShare
    self.leastEntropy = leastEntropy
    self.leastAgreement = leastAgreement
  }

  /// What forbids to begin.
  func objection(to start: AnswerState) -> Collapse? {
    if start.belowThreshold == 0 { return .nothingBelowThreshold(entropy: start.entropy) }
    return start.largestShare >= largestShare ? .oneClassFromTheStart(share: start.largestShare) : nil
  }

  /// What has happened since the start.
  func collapse(in state: AnswerState) -> Collapse? {
    if state.largestShare >= largestShare { return .oneClass(share: state.largestShare, epoch: state.epochs) }
    if state.belowThreshold == 0 { return .nothingBelowThreshold(entropy: state.entropy) }
    guard state.entropy < leastEntropy, state.agreement < leastAgreement else { return nil }
    return .sureOfSomethingElse(entropy: state.entropy, agreement: state.agreement, epoch: state.epochs)
  }
}

/// Why a training without labels ended early.
public enum Collapse: Hashable, Sendable, Codable, CustomStringConvertible {
  case oneClass(share: Double, epoch: Int)
  case sureOfSomethingElse(entropy: Double, agreement: Double, epoch: Int)
  /// The answers were of one class before anything trained: training would only make them surer.
  case oneClassFromTheStart(share: Double)
  /// No scan's entropy is below the threshold.
  case nothingBelowThreshold(entropy: Double)

  public var description: String {
    switch self {
    case .oneClass(let share, let epoch): "collapsed in epoch \(epoch), which put \(percent(share)) of the scans in one class"
    case .sureOfSomethingElse(let entropy, let agreement, let epoch):
      "collapsed in epoch \(epoch), sure of all (entropy \((1000 * entropy).rounded() / 1000) of 1) and decided as at the start on only "
        + "\(percent(agreement)) of the scans"
    case .oneClassFromTheStart(let share): "not trained: \(percent(share)) of the scans were in one class before"
    case .nothingBelowThreshold(let entropy):
      "ended where no scan is surer than the threshold (mean entropy \((100 * entropy).rounded() / 100) of 1)"
    }
  }
}
