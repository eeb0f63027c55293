import Evaluation

/// Decides on held-out patients whether an adapted model may take the source model's place: whole, in part, or not.
///
/// With labels it accepts what can't have lost more than `margin`: the lower bound of the paired difference, from resampling whole
/// patients, lies above `-margin`. Where the whole adaptation doesn't pass, parts of it are tried (`AdaptedPart`), all of them together at
/// the whole's level again. Where another adaptation is in place already, one
/// that is worse than that beyond chance is refused too.
///
/// Without labels nothing is proven. What can be seen may object (`UnlabelledRule`), and then it is refused; else it is unverified.
public struct Gate: Hashable, Codable, Sendable {
  /// What models of classes that exclude each other are compared by.
  public var metric: Metric
  /// What models of several findings a scan are compared by, in its mean over findings. An area, since a rare finding's probability may
  /// never reach one half.
  public var findingsMetric: Metric
  /// What must not lose more either: where the classes' shares moved, balanced accuracy can rise while the share of right answers falls.
  public var guards: [Metric]
  /// The largest loss against the source model that is put up with, in each metric's own units; 0.01 is one point.
  public var margin: Double
  /// With fewer patients, or fewer of a class that occurs, nothing is accepted.
  public var minimumPatients: Int
  public var minimumPatientsPerClass: Int
  public var bootstrap: PatientBootstrap
  public var unlabelled: UnlabelledRule

  public init(
    metric: Metric = .balancedAccuracy, findingsMetric: Metric = .auroc, guards: [Metric] = [.accuracy], margin: Double = 0.01,
    minimumPatients: Int = 20, minimumPatientsPerClass: Int = 5,
    bootstrap: PatientBootstrap = PatientBootstrap(seed: 0), unlabelled: UnlabelledRule = UnlabelledRule()
  ) {
    precondition(margin >= 0, "a margin of \(margin)")
    self.metric = metric
    self.findingsMetric = findingsMetric
    self.guards = guards
    self.margin = margin
    self.minimumPatients = minimumPatients
    self.minimumPatientsPerClass = minimumPatientsPerClass
    self.bootstrap = bootstrap
    self.unlabelled = unlabelled
  }

  /// Predictions of a part of an adaptation, fold by fold, on patients it wasn't fitted on.
  public struct Candidate<Answer: JudgedAnswer>: Sendable {
    public let part: AdaptedPart
    public let predictions: [[Answer]]

    public init(_ predictions: [[Answer]], part: AdaptedPart = .whole) {
      self.part = part
      self.predictions = predictions
    }
  }

  /// - Parameters:
  ///   - candidates: the whole adaptation first, then its parts in the order they are preferred.
  ///   - reference: the source model's on the same scans.
  ///   - inPlace: those of what is in place now, on the same scans.
  ///   - scanner: how the scans' features differ from what the source model expects; for scans without labels.
  ///   - findings: their names, where there are several a scan.
  /// - Throws: `ComparisonError` where they aren't predictions of the same scans; `GateError`.
  public func judge<Answer: JudgedAnswer>(
    _ candidates: [Candidate<Answer>], reference: [[Answer]], inPlace: [[Answer]]? = nil, scanner: ScannerEvidence? = nil,
    findings: [String] = []
  ) throws -> GateOutcome {
    precondition(candidates.first?.part == .whole, "the whole adaptation comes first")
    guard reference.joined().contains(where: \.isLabelled) else {
      return try Answer.unlabelled(candidates[0].predictions, reference, scanner: scanner, by: self)
    }
    let metric = Answer.metric(of: self)
    var trials: [GateTrial] = []
    for (index, candidate) in candidates.enumerated() {
      // The whole takes its level; its parts share another of the same size.
      var bootstrap = bootstrap
      if index > 0 { bootstrap.level = 1 - (1 - bootstrap.level) / Double(candidates.count - 1) }
      let trial = try trial(candidate, reference, bootstrap)
      trials.append(trial)
      guard case .boundAboveMargin = trial.finding else { continue }
      let comparison = try inPlace.flatMap { try Answer.difference(metric, candidate.predictions, $0, self.bootstrap) }
      if let upper = comparison?.gainInterval?.upper, upper < 0 {
        return GateOutcome(.refused, .worseThanInPlace, trials: trials, inPlace: comparison)
      }
      let harmed = try harmedScanners(candidate.predictions, reference)
      guard harmed.isEmpty else {
        return GateOutcome(.refused, .harmsScanners(harmed), part: candidate.part, trials: trials, inPlace: comparison)
      }
      let lost = try harmedFindings(candidate.predictions, reference).map { findings.indices.contains($0) ? findings[$0] : "\($0 + 1)" }
      guard lost.isEmpty else {
        return GateOutcome(.refused, .harmsFindings(lost), part: candidate.part, trials: trials, inPlace: comparison)
      }
      return GateOutcome(
        candidate.part == .whole ? .accepted : .acceptedInPart, trial.finding, part: candidate.part, trials: trials, inPlace: comparison)
    }
    return GateOutcome(.refused, trials[0].finding, trials: trials)
  }

  /// Of several scanners judged together, those that it does harm to beyond chance.
  private func harmedScanners<Answer: JudgedAnswer>(_ candidate: [[Answer]], _ reference: [[Answer]]) throws -> [String] {
    let scanners = Set(reference.joined().map(\.scanner)).sorted()
    guard scanners.count > 1 else { return [] }
    return try scanners.filter { scanner in
      func only(_ folds: [[Answer]]) -> [[Answer]] { folds.map { $0.filter { $0.scanner == scanner } } }
      let difference = try Answer.difference(Answer.metric(of: self), only(candidate), only(reference), bootstrap)
      return difference?.gainInterval.map { $0.upper < 0 } ?? false
    }
  }

  /// Of several findings, those that it does harm to beyond chance, all of them together at the level: a mean may hide one.
  private func harmedFindings<Answer: JudgedAnswer>(_ candidate: [[Answer]], _ reference: [[Answer]]) throws -> [Int] {
    let tasks = Array(zip(Answer.findings(in: candidate), Answer.findings(in: reference)))
    var bootstrap = bootstrap
    bootstrap.level = 1 - (1 - bootstrap.level) / Double(max(tasks.count, 1))
    return try tasks.indices.filter { index in
      let difference = try Prediction.difference(Answer.metric(of: self), tasks[index].0, tasks[index].1, bootstrap)
      return difference?.gainInterval.map { $0.upper < 0 } ?? false
    }
  }

  private func trial<Answer: JudgedAnswer>(
    _ candidate: Candidate<Answer>, _ reference: [[Answer]], _ bootstrap: PatientBootstrap
  ) throws -> GateTrial {
    let metric = Answer.metric(of: self)
    let difference = try Answer.difference(metric, candidate.predictions, reference, bootstrap)
    guard let difference else { return GateTrial(candidate.part, nil, nil, .undefined) }
    guard difference.patients >= minimumPatients else {
      return GateTrial(candidate.part, difference, nil, .tooFewPatients(found: difference.patients, needed: minimumPatients))
    }
    if let fewest = difference.patientsPerClass.filter({ $0 > 0 }).min(), fewest < minimumPatientsPerClass {
      return GateTrial(candidate.part, difference, nil, Answer.tooFew(fewest, needed: minimumPatientsPerClass))
    }
    guard let bound = try bound(metric, difference, candidate.predictions, reference, bootstrap) else {
      return GateTrial(candidate.part, difference, nil, .undefined)
    }
    guard bound > -margin else {
      if let upper = difference.gainInterval?.upper, upper < 0 {
        return GateTrial(candidate.part, difference, bound, .harm(upper: upper))
      }
      return GateTrial(candidate.part, difference, bound, .boundBelowMargin(bound: bound, margin: margin))
    }
    for other in guards where other != metric {
      let change = try Answer.difference(other, candidate.predictions, reference, bootstrap)
      let own = try change.flatMap { try self.bound(other, $0, candidate.predictions, reference, bootstrap) }
      guard let own, own > -margin else {
        return GateTrial(candidate.part, difference, bound, .guardBelowMargin(metric: other, bound: own, margin: margin))
      }
    }
    return GateTrial(candidate.part, difference, bound, .boundAboveMargin(bound: bound, margin: margin))
  }

  /// What the gain isn't below: the interval's end, or what the imagined patient makes of it where that is less.
  private func bound<Answer: JudgedAnswer>(
    _ metric: Metric, _ difference: PairedDifference, _ candidate: [[Answer]], _ reference: [[Answer]], _ bootstrap: PatientBootstrap
  ) throws -> Double? {
    let imagined = ImaginedPatient(of: reference)
    // Percentiles: with nothing but the imagined patient harmed they give what the exact binomial bound does.
    var plain = bootstrap
    plain.method = .percentile
    let cautious = try Answer.difference(metric, imagined.harmed(in: candidate), imagined.unharmed(in: reference), plain)
    guard let harmed = cautious?.gainInterval else { return nil }
    return min(difference.gainInterval?.lower ?? harmed.lower, harmed.lower)
  }
}
