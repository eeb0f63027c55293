import Adaptation

/// What `--quick` goes by: rules of thumb as data, none of them measured here.
///
/// n_T is the number of labelled patients of the rarest class from which a strategy is worth trying before those above it in the list: less
/// change has more bias, more change more variance. The numbers are a reading of the papers, in powers that hold for "few" and "many", and
/// no law: the crossing depends on network, scanner and labels, which is why measuring exists.
public struct RuleOfThumb: Hashable, Sendable {
  public let strategy: String
  /// Labelled patients of the rarest class.
  public let patientsPerClass: Int
  /// Only where the model's statistics don't fit the scanner.
  public let needsMismatch: Bool
  /// Forward passes over the training scans that it costs: once, or in each epoch.
  public let passes: Double
  public let isEveryEpoch: Bool
  public let reason: String
  public let source: String

  /// From least to most change; the last that applies is taken.
  public static let all = [
    RuleOfThumb(
      strategy: "source", patientsPerClass: 0, needsMismatch: false, passes: 0, isEveryEpoch: false,
      reason: "without evidence nothing is changed", source: "no paper: the rule of this project"),
    RuleOfThumb(
      strategy: "recalibrate", patientsPerClass: 0, needsMismatch: true, passes: 1, isEveryEpoch: false,
      reason: "statistics need no labels, and a few dozen scans give them",
      source: "Schneider et al. 2020, Improving robustness against common corruptions by covariate shift adaptation"),
    RuleOfThumb(
      strategy: "linear-probe", patientsPerClass: 5, needsMismatch: false, passes: 1, isEveryEpoch: false,
      reason: "with few labels only a head has little enough variance, and features stay undistorted",
      source: "Kumar et al. 2022, Fine-tuning can distort pretrained features and underperform out-of-distribution"),
    RuleOfThumb(
      strategy: "bn-only", patientsPerClass: 15, needsMismatch: true, passes: 3, isEveryEpoch: true,
      reason: "two numbers a channel, where the scanner shows", source: "Frankle et al. 2021, Training BatchNorm and only BatchNorm"),
    RuleOfThumb(
      strategy: "lora", patientsPerClass: 30, needsMismatch: false, passes: 3, isEveryEpoch: true,
      reason: "every layer moves, in few directions", source: "Hu et al. 2022, LoRA: low-rank adaptation of large language models"),
    RuleOfThumb(
      strategy: "full", patientsPerClass: 100, needsMismatch: false, passes: 3, isEveryEpoch: true,
      reason: "with many labels bias is the enemy, and no bias is left",
      source: "Kornblith et al. 2019, Do better ImageNet models transfer better?"),
  ]
}

/// A rule of thumb held against this cohort. UNMEASURED: nothing was fitted.
public struct AppliedRule: Hashable, Codable, Sendable {
  public var strategy: String
  public var patientsPerClass: Int
  public var applies: Bool
  public var reason: String
  public var source: String
}

extension RuleOfThumb {
  /// What rules are held against.
  public struct Situation: Hashable, Sendable {
    /// Of the rarest class; 0 without labels.
    public var patientsPerClass: Int
    /// nil where too few patients or no normalization leave it open.
    public var hasMismatch: Bool?
    public var scans: Int
    public var secondsPerPass: Double
    public var budget: Double

    public init(patientsPerClass: Int, hasMismatch: Bool?, scans: Int, secondsPerPass: Double, budget: Double) {
      (self.patientsPerClass, self.hasMismatch, self.scans) = (patientsPerClass, hasMismatch, scans)
      (self.secondsPerPass, self.budget) = (secondsPerPass, budget)
    }
  }

  /// Whether it applies, and why or why not.
  public func held(against situation: Situation, epochs: Int) -> AppliedRule {
    let seconds = passes * situation.secondsPerPass * Double(isEveryEpoch ? epochs : 1)
    let obstacle: String? =
      if situation.patientsPerClass < patientsPerClass {
        "\(situation.patientsPerClass) patients of the rarest class; from \(patientsPerClass) on"
      } else if needsMismatch, situation.hasMismatch != true {
        situation.hasMismatch == nil ? "nobody can tell whether statistics differ" : "no layer's statistics differ by more than chance"
      } else if seconds > situation.budget {
        "about \(AdviceCut.duration(seconds)) a fit, more than --time"
      } else {
        nil
      }
    return AppliedRule(
      strategy: strategy, patientsPerClass: patientsPerClass, applies: obstacle == nil, reason: obstacle ?? reason, source: source)
  }
}
