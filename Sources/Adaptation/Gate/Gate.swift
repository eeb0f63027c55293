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
  /// What the models are compared by. Areas under ROC curves are averaged over folds, since scores of models fitted on different
  /// patients don't share a scale; decisions are pooled.
  public var metric: Metric
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
    metric: Metric = .balancedAccuracy, guards: [Metric] = [.accuracy], margin: Double = 0.01, minimumPatients: Int = 20,
    minimumPatientsPerClass: Int = 5,
    bootstrap: PatientBootstrap = PatientBootstrap(seed: 0), unlabelled: UnlabelledRule = UnlabelledRule()
  ) {
    precondition(margin >= 0, "a margin of \(margin)")
    self.metric = metric
    self.guards = guards
    self.margin = margin
    self.minimumPatients = minimumPatients
    self.minimumPatientsPerClass = minimumPatientsPerClass
    self.bootstrap = bootstrap
    self.unlabelled = unlabelled
  }

  /// Predictions of a part of an adaptation, fold by fold, on patients it wasn't fitted on.
  public struct Candidate: Sendable {
    public let part: AdaptedPart
    public let predictions: [[Prediction]]

    public init(_ predictions: [[Prediction]], part: AdaptedPart = .whole) {
      self.part = part
      self.predictions = predictions
    }
  }

  /// - Parameters:
  ///   - candidates: the whole adaptation first, then its parts in the order they are preferred.
  ///   - reference: the source model's on the same scans.
  ///   - inPlace: those of what is in place now, on the same scans.
  ///   - scanner: how the scans' features differ from what the source model expects; for scans without labels.
  /// - Throws: `ComparisonError` where they aren't predictions of the same scans; `GateError`.
  public func judge(
    _ candidates: [Candidate], reference: [[Prediction]], inPlace: [[Prediction]]? = nil, scanner: ScannerEvidence? = nil
  ) throws -> GateOutcome {
    precondition(candidates.first?.part == .whole, "the whole adaptation comes first")
    guard reference.joined().contains(where: { $0.label != nil }) else {
      let evidence = try UnlabelledEvidence(
        candidate: candidates[0].predictions, reference: reference, scanner: scanner, resamples: bootstrap.resamples, seed: bootstrap.seed)
      return GateOutcome(evidence, objections: unlabelled.objections(to: evidence))
    }
    var trials: [GateTrial] = []
    for (index, candidate) in candidates.enumerated() {
      // The whole takes its level; its parts share another of the same size.
      var bootstrap = bootstrap
      if index > 0 { bootstrap.level = 1 - (1 - bootstrap.level) / Double(candidates.count - 1) }
      let trial = try trial(candidate, reference, bootstrap)
      trials.append(trial)
      guard case .boundAboveMargin = trial.finding else { continue }
      let comparison = try inPlace.flatMap { try difference(metric, candidate.predictions, $0, self.bootstrap) }
      if let upper = comparison?.gainInterval?.upper, upper < 0 {
        return GateOutcome(.refused, .worseThanInPlace, trials: trials, inPlace: comparison)
      }
      let harmed = try harmedScanners(candidate.predictions, reference)
      guard harmed.isEmpty else {
        return GateOutcome(.refused, .harmsScanners(harmed), part: candidate.part, trials: trials, inPlace: comparison)
      }
      return GateOutcome(
        candidate.part == .whole ? .accepted : .acceptedInPart, trial.finding, part: candidate.part, trials: trials, inPlace: comparison)
    }
    return GateOutcome(.refused, trials[0].finding, trials: trials)
  }

  /// Of several scanners judged together, those that it does harm to beyond chance.
  private func harmedScanners(_ candidate: [[Prediction]], _ reference: [[Prediction]]) throws -> [String] {
    let scanners = Set(reference.joined().map(\.scanner)).sorted()
    guard scanners.count > 1 else { return [] }
    return try scanners.filter { scanner in
      func only(_ folds: [[Prediction]]) -> [[Prediction]] { folds.map { $0.filter { $0.scanner == scanner } } }
      guard let upper = try difference(metric, only(candidate), only(reference), bootstrap)?.gainInterval?.upper else { return false }
      return upper < 0
    }
  }

  private func trial(_ candidate: Candidate, _ reference: [[Prediction]], _ bootstrap: PatientBootstrap) throws -> GateTrial {
    let difference = try difference(metric, candidate.predictions, reference, bootstrap)
    guard let difference else { return GateTrial(candidate.part, nil, nil, .undefined) }
    guard difference.patients >= minimumPatients else {
      return GateTrial(candidate.part, difference, nil, .tooFewPatients(found: difference.patients, needed: minimumPatients))
    }
    if let fewest = difference.patientsPerClass.filter({ $0 > 0 }).min(), fewest < minimumPatientsPerClass {
      return GateTrial(candidate.part, difference, nil, .tooFewPatientsOfAClass(found: fewest, needed: minimumPatientsPerClass))
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
      let change = try self.difference(other, candidate.predictions, reference, bootstrap)
      let own = try change.flatMap { try self.bound(other, $0, candidate.predictions, reference, bootstrap) }
      guard let own, own > -margin else {
        return GateTrial(candidate.part, difference, bound, .guardBelowMargin(metric: other, bound: own, margin: margin))
      }
    }
    return GateTrial(candidate.part, difference, bound, .boundAboveMargin(bound: bound, margin: margin))
  }

  /// What the gain isn't below: the interval's end, or what the imagined patient makes of it where that is less.
  private func bound(
    _ metric: Metric, _ difference: PairedDifference, _ candidate: [[Prediction]], _ reference: [[Prediction]],
    _ bootstrap: PatientBootstrap
  ) throws -> Double? {
    let imagined = ImaginedPatient(of: reference)
    // Percentiles: with nothing but the imagined patient harmed they give what the exact binomial bound does.
    var plain = bootstrap
    plain.method = .percentile
    let cautious = try self.difference(metric, imagined.harmed(in: candidate), imagined.unharmed(in: reference), plain)
    guard let harmed = cautious?.gainInterval else { return nil }
    return min(difference.gainInterval?.lower ?? harmed.lower, harmed.lower)
  }

  private func difference(
    _ metric: Metric, _ candidate: [[Prediction]], _ reference: [[Prediction]], _ bootstrap: PatientBootstrap
  ) throws -> PairedDifference? {
    let foldwise = metric == .auroc
    return try bootstrap.difference(
      metric, candidateFolds: foldwise ? candidate : [candidate.flatMap(\.self)],
      referenceFolds: foldwise ? reference : [reference.flatMap(\.self)])
  }
}

/// One more patient of the rarest class whom the source model gets right and the adapted one wrong: the harm that so few patients
/// may just not have shown.
///
/// Without it, models that happen to agree on every patient seen would differ by exactly 0 with an interval of no width, however few the
/// patients; with it, the 95 % bound on n patients is about -3.7/n, as the exact binomial one.
struct ImaginedPatient {
  private let label: Int
  private let scans: Int

  init(of reference: [[Prediction]]) {
    var labels: [Int: Set<String>] = [:]
    var patients: Set<String> = []
    var count = 0
    for prediction in reference.joined() {
      guard let label = prediction.label else { continue }
      labels[label, default: []].insert(prediction.patient)
      patients.insert(prediction.patient)
      count += 1
    }
    label = labels.min { ($0.value.count, $0.key) < ($1.value.count, $1.key) }?.key ?? 0
    scans = max(1, (count + patients.count / 2) / max(1, patients.count))
  }

  func harmed(in folds: [[Prediction]]) -> [[Prediction]] { adding(to: folds) { classes in (label + 1) % classes } }
  func unharmed(in folds: [[Prediction]]) -> [[Prediction]] { adding(to: folds) { _ in label } }

  private func adding(to folds: [[Prediction]], decided: (Int) -> Int) -> [[Prediction]] {
    guard let first = folds.joined().first, !folds.isEmpty else { return folds }
    var probabilities = [Double](repeating: 0, count: first.probabilities.count)
    probabilities[decided(probabilities.count)] = 1
    var folds = folds
    folds[0] += (0..<scans).map { index in
      Prediction(scan: "\0 imagined \(index)", patient: "\0 imagined", scanner: first.scanner, label: label, probabilities: probabilities)
    }
    return folds
  }
}
