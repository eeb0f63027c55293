import Evaluation

/// Decides on held-out patients whether an adapted model may take the source model's place.
///
/// Accepts only where the interval of the paired difference, from resampling whole patients, lies above the smallest gain worth having.
/// "Cannot tell" isn't acceptance. Without labels nothing is proven: the outcome is "unverified", with what can be seen.
public struct Gate: Hashable, Codable, Sendable {
  /// What the models are compared by. Areas under ROC curves are averaged over folds, since scores of models fitted on different
  /// patients don't share a scale; decisions are pooled.
  public var metric: Metric
  public var rule: VerdictRule
  public var bootstrap: PatientBootstrap

  public init(
    metric: Metric = .balancedAccuracy, rule: VerdictRule = VerdictRule(), bootstrap: PatientBootstrap = PatientBootstrap(seed: 0)
  ) {
    self.metric = metric
    self.rule = rule
    self.bootstrap = bootstrap
  }

  /// - Parameters:
  ///   - candidate: the adapted models' predictions, fold by fold, on patients each wasn't fitted on.
  ///   - reference: the source model's on the same scans.
  /// - Throws: `ComparisonError` where the two aren't predictions of the same scans.
  public func judge(candidate: [[Prediction]], reference: [[Prediction]]) throws -> GateOutcome {
    guard candidate.joined().contains(where: { $0.label != nil }) else {
      return .unverified(try UnlabelledComparison(candidate: candidate, reference: reference))
    }
    let foldwise = metric == .auroc
    let difference = try bootstrap.difference(
      metric, candidateFolds: foldwise ? candidate : [candidate.flatMap(\.self)],
      referenceFolds: foldwise ? reference : [reference.flatMap(\.self)])
    return .judged(rule.verdict(on: difference), difference)
  }
}

/// What the gate found.
public enum GateOutcome: Hashable, Codable, Sendable {
  /// Nil: the metric is undefined on these patients.
  case judged(VerdictWithReason, PairedDifference?)
  /// No held-out scan has a label.
  case unverified(UnlabelledComparison)

  /// Whether the adapted model may be put in place.
  /// - Parameter unverified: whether one that nothing could be checked of may be.
  public func accepts(unverified: Bool) -> Bool {
    switch self {
    case .judged(let judgement, _): judgement.verdict == .adapt
    case .unverified: unverified
    }
  }

  /// `adapt`, `leave alone`, `cannot tell` or `unverified`.
  public var word: String {
    switch self {
    case .judged(let judgement, _): judgement.verdict.rawValue
    case .unverified: "unverified"
    }
  }
}
