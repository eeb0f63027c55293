/// A two-sided interval at a level such as 0.95.
public struct Interval: Hashable, Codable, Sendable {
  public let lower: Double
  public let upper: Double
  public let level: Double

  public init(lower: Double, upper: Double, level: Double) {
    self.lower = lower
    self.upper = upper
    self.level = level
  }

  public func contains(_ value: Double) -> Bool { lower <= value && value <= upper }
}

/// How an interval was made. All take the patient, not the scan, for what is independent.
public enum IntervalMethod: String, Hashable, Codable, Sendable {
  /// Obuchowski's clustered variance on the logit scale, Student's t.
  case clusteredAreaLogit = "obuchowski_logit_t"
  /// Obuchowski's clustered covariance of two areas, Student's t.
  case clusteredAreaDifference = "obuchowski_paired_t"
  /// Wilson's score interval of a proportion with one scan a patient.
  case wilson
  /// Wilson's with the effective number of scans of the observed design effect, Student's t.
  case clusteredWilson = "clustered_wilson_t"
  /// The recalls' clustered Wilson intervals put together.
  case recoveredVariance = "mover_clustered_wilson_t"
  /// Resampled patients, bias-corrected, accelerated and expanded for few patients.
  case expandedBootstrap = "bca_expanded"
  /// Resampled patients, bias-corrected and accelerated.
  case bootstrap = "bca"
  /// Resampled patients, plain quantiles.
  case percentile
  /// Leaving out one patient at a time, Student's t.
  case jackknife = "patient_jackknife_t"
  /// Every patient shows the same difference: what the exact binomial bound leaves open.
  case unanimous = "unanimous_clopper_pearson"
  /// The two sets of predictions are the same: their difference is exactly nothing.
  case identical

  public var sentence: String {
    switch self {
    case .clusteredAreaLogit: "Obuchowski's clustered variance on the logit scale, Student's t"
    case .clusteredAreaDifference: "Obuchowski's clustered covariance (clustered DeLong), Student's t"
    case .wilson: "Wilson's score interval, one scan a patient"
    case .clusteredWilson: "Wilson's score interval with the design effect of patients, Student's t"
    case .recoveredVariance: "clustered Wilson intervals of the recalls, put together (MOVER)"
    case .expandedBootstrap: "patient bootstrap, BCa, expanded for few patients"
    case .bootstrap: "patient bootstrap, BCa"
    case .percentile: "patient bootstrap, percentile"
    case .jackknife: "patient jackknife, Student's t"
    case .unanimous: "every patient shows the same difference; Clopper and Pearson's bound on the patients who wouldn't"
    case .identical: "the predictions are the same"
    }
  }
}

/// Why a value has no interval.
public enum MissingInterval: Hashable, Codable, Sendable {
  case tooFewPatients(found: Int)
  /// The metric was undefined in too many resamples, for instance because a class has one patient.
  case undefinedResamples(count: Int, of: Int)
  /// Every patient says the same: nothing shows how far others would differ.
  case noSpread

  public var sentence: String {
    switch self {
    case .tooFewPatients(let found): "\(found == 1 ? "one patient" : "\(found) patients"): at least two are needed"
    case .undefinedResamples(let count, let all): "undefined in \(count) of \(all) resamples of the patients"
    case .noSpread: "every patient says the same, so that nothing shows how far others would differ"
    }
  }
}
