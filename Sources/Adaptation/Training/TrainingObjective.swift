import Foundation

/// What a strategy's training makes small, and with it whether labels are read.
public enum TrainingObjective: Hashable, Sendable, Codable {
  /// The loss against the scans' labels, as the configuration says it; scans without one are left out.
  case labels
  /// The entropy of the model's own answers, on every scan; no label is read.
  case entropy(EntropyRule)

  public var needsLabels: Bool { rule == nil }

  var rule: EntropyRule? { if case .entropy(let rule) = self { rule } else { nil } }
}

/// How entropy is made small, and when that is called a collapse.
public struct EntropyRule: Hashable, Sendable, Codable {
  /// Images whose entropy is below this share of `ln(classes)` count in the loss; at 1 or more all do. Relative to this task's own classes:
  /// EATA's 0.4 ln 1000 is 2.8 nats and would let every image of two classes pass, whose entropy is ln 2 = 0.69 at most.
  public var threshold: Double
  public var collapse: CollapseRule

  public init(threshold: Double = 0.4, collapse: CollapseRule = CollapseRule()) {
    self.threshold = threshold
    self.collapse = collapse
  }

  /// In nats.
  func limit(classes: Int) -> Double { threshold >= 1 ? .infinity : threshold * log(Double(classes)) }
}

extension TrainingConfiguration {
  /// Without what only labels give a meaning: early stopping, class weights, label smoothing.
  public var withoutLabels: TrainingConfiguration {
    var changed = self
    (changed.earlyStopping, changed.classWeighting, changed.labelSmoothing) = (nil, .none, 0)
    return changed
  }

  /// - Throws: `TrainingError.setting` for what the objective has no use for.
  func validate(for objective: TrainingObjective) throws(TrainingError) {
    guard let rule = objective.rule else { return }
    func refuse(_ name: String, _ found: some CustomStringConvertible, unless holds: Bool) throws(TrainingError) {
      if !holds { throw .setting(name: name, found: "\(found)", expected: "none: this strategy reads no labels") }
    }
    try refuse("early stopping", earlyStopping?.measure.rawValue ?? "", unless: earlyStopping == nil)
    try refuse("class weighting", classWeighting.rawValue, unless: classWeighting == .none)
    try refuse("label smoothing", labelSmoothing, unless: labelSmoothing == 0)
    guard rule.threshold > 0 else {
      throw .setting(name: "entropy threshold", found: "\(rule.threshold)", expected: "a positive share of ln(classes)")
    }
  }
}
