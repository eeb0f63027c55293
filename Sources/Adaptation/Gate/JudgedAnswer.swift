import Cohorts
import Evaluation
import ModelFiles

/// An answer that the gate can judge by: of one class a scan, or of several findings that may be there together.
///
/// What differs between the two is here; the gate's rule is the same.
public protocol JudgedAnswer: Hashable, Sendable {
  var scan: String { get }
  var patient: String { get }
  var scanner: String { get }
  var isLabelled: Bool { get }

  /// What a gate compares answers of this kind by.
  static func metric(of gate: Gate) -> Metric
  /// Candidate minus reference on the same scans; nil where the metric is undefined.
  /// - Throws: `ComparisonError` where the scans aren't the same.
  static func difference(_ metric: Metric, _ candidate: [[Self]], _ reference: [[Self]], _ bootstrap: PatientBootstrap) throws
    -> PairedDifference?
  /// Why the fewest patients of a kind are too few.
  static func tooFew(_ found: Int, needed: Int) -> GateOutcome.Reason
  /// Each finding by itself; none where there is one task anyway.
  static func findings(in folds: [[Self]]) -> [[[Prediction]]]
  /// A scan of a patient nobody saw, of the rarest kind: as a model gets it right, and as one gets it wrong.
  static func imagined(beside folds: [[Self]], scan: String) -> (right: Self, wrong: Self)?
  /// Whether this scan has the labels that an imagined one has.
  func isOfKind(of imagined: Self) -> Bool
  /// The verdict where no label could check anything.
  static func unlabelled(_ candidate: [[Self]], _ reference: [[Self]], scanner: ScannerEvidence?, by gate: Gate) throws -> GateOutcome
  /// What a model answers to scans, and those that can't be read.
  static func answers(of model: AdaptedModel, to records: [ScanRecord], labels: Predictor.LabelRule, by predictor: Predictor) throws
    -> (answers: [Self], unreadable: [UnreadableScan])
}

extension JudgedAnswer {
  /// Areas under ROC curves are averaged over folds, since scores of models fitted on different patients don't share a scale; decisions
  /// are pooled.
  static func division(_ metric: Metric, _ folds: [[Self]]) -> [[Self]] { metric == .auroc ? folds : [folds.flatMap(\.self)] }
}

extension Prediction: JudgedAnswer {
  public var isLabelled: Bool { label != nil }

  public static func metric(of gate: Gate) -> Metric { gate.metric }

  public static func difference(
    _ metric: Metric, _ candidate: [[Prediction]], _ reference: [[Prediction]], _ bootstrap: PatientBootstrap
  ) throws -> PairedDifference? {
    try bootstrap.difference(metric, candidateFolds: division(metric, candidate), referenceFolds: division(metric, reference))
  }

  public static func tooFew(_ found: Int, needed: Int) -> GateOutcome.Reason { .tooFewPatientsOfAClass(found: found, needed: needed) }

  public static func findings(in folds: [[Prediction]]) -> [[[Prediction]]] { [] }

  public static func imagined(beside folds: [[Prediction]], scan: String) -> (right: Prediction, wrong: Prediction)? {
    guard let first = folds.joined().first else { return nil }
    var labels: [Int: Set<String>] = [:]
    for prediction in folds.joined() { if let label = prediction.label { labels[label, default: []].insert(prediction.patient) } }
    let rarest = labels.min { ($0.value.count, $0.key) < ($1.value.count, $1.key) }?.key ?? 0
    func decided(_ label: Int) -> Prediction {
      var probabilities = [Double](repeating: 0, count: first.probabilities.count)
      probabilities[label] = 1
      return Prediction(scan: scan, patient: "\0 imagined", scanner: first.scanner, label: rarest, probabilities: probabilities)
    }
    return (decided(rarest), decided((rarest + 1) % first.probabilities.count))
  }

  public func isOfKind(of imagined: Prediction) -> Bool { label == imagined.label }

  public static func unlabelled(
    _ candidate: [[Prediction]], _ reference: [[Prediction]], scanner: ScannerEvidence?, by gate: Gate
  ) throws -> GateOutcome {
    let evidence = try UnlabelledEvidence(
      candidate: candidate, reference: reference, scanner: scanner, resamples: gate.bootstrap.resamples, seed: gate.bootstrap.seed)
    return GateOutcome(evidence, objections: gate.unlabelled.objections(to: evidence))
  }

  public static func answers(
    of model: AdaptedModel, to records: [ScanRecord], labels: Predictor.LabelRule, by predictor: Predictor
  ) throws -> (answers: [Prediction], unreadable: [UnreadableScan]) {
    let answers = try predictor.predict(model, on: records, labels: labels)
    return (answers.predictions, answers.unreadable)
  }
}

extension MultiLabelPrediction: JudgedAnswer {
  public var isLabelled: Bool { labels.contains { $0 != nil } }

  public static func metric(of gate: Gate) -> Metric { gate.findingsMetric }

  /// Of the mean over findings, each over the scans in which somebody looked for it.
  public static func difference(
    _ metric: Metric, _ candidate: [[MultiLabelPrediction]], _ reference: [[MultiLabelPrediction]], _ bootstrap: PatientBootstrap
  ) throws -> PairedDifference? {
    try bootstrap.macroDifference(metric, candidateFolds: division(metric, candidate), referenceFolds: division(metric, reference))
  }

  public static func tooFew(_ found: Int, needed: Int) -> GateOutcome.Reason { .tooFewPatientsOfAFinding(found: found, needed: needed) }

  public static func findings(in folds: [[MultiLabelPrediction]]) -> [[[Prediction]]] {
    (0..<(folds.joined().first?.labels.count ?? 0)).map { finding in folds.map { $0.map { $0.prediction(of: finding) } } }
  }

  /// In the finding and the answer of fewest patients; nobody looked for his others.
  public static func imagined(beside folds: [[MultiLabelPrediction]], scan: String) -> (
    right: MultiLabelPrediction, wrong: MultiLabelPrediction
  )? {
    guard let first = folds.joined().first else { return nil }
    let kinds = first.labels.indices.flatMap { finding in
      [false, true].map { (value: Bool) in
        (finding: finding, value: value, patients: Set(folds.joined().filter { $0.labels[finding] == value }.map(\.patient)).count)
      }
    }
    guard let rarest = kinds.filter({ $0.patients > 0 }).min(by: { $0.patients < $1.patients }) else { return nil }
    func answered(_ value: Bool) -> MultiLabelPrediction {
      var labels = [Bool?](repeating: nil, count: first.labels.count)
      labels[rarest.finding] = rarest.value
      var probabilities = [Double](repeating: 0.5, count: labels.count)
      probabilities[rarest.finding] = value ? 1 : 0
      return MultiLabelPrediction(
        scan: scan, patient: "\0 imagined", scanner: first.scanner, labels: labels, probabilities: probabilities)
    }
    return (answered(rarest.value), answered(!rarest.value))
  }

  public func isOfKind(of imagined: MultiLabelPrediction) -> Bool {
    zip(labels, imagined.labels).allSatisfy { own, wanted in wanted == nil || own == wanted }
  }

  /// What an unlabelled adaptation is judged by, entropy over classes and their shares, has no meaning here.
  public static func unlabelled(
    _ candidate: [[MultiLabelPrediction]], _ reference: [[MultiLabelPrediction]], scanner: ScannerEvidence?, by gate: Gate
  ) -> GateOutcome { GateOutcome(.refused, .unlabelledFindings) }

  public static func answers(
    of model: AdaptedModel, to records: [ScanRecord], labels: Predictor.LabelRule, by predictor: Predictor
  ) throws -> (answers: [MultiLabelPrediction], unreadable: [UnreadableScan]) {
    let answers = try predictor.predictFindings(model, on: records, labels: labels)
    return (answers.predictions, answers.unreadable)
  }
}
