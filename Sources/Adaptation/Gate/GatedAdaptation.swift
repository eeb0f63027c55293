import Cohorts
import Evaluation
import Files
import ModelFiles
import Normalization

/// Fits a strategy to a scanner and lets the gate judge it on patients it wasn't fitted on.
///
/// Cross-fitting: each fold's patients are answered by a model adapted on the others and by the source model, with labels or without.
/// What is accepted is then fitted on all patients, and the accepted part of it taken. Where nothing can be compared (a new head answers
/// in other labels) it is fitted and not judged.
public struct GatedAdaptation: Sendable {
  public var run: AdaptationRun
  /// Nil: fitted without being judged.
  public var gate: Gate?
  /// Patient-grouped folds that the gate judges by; fewer where there are fewer patients.
  public var folds: Int

  public init(_ run: AdaptationRun, gate: Gate? = Gate(), folds: Int = 5) {
    precondition(folds >= 2, "\(folds) folds hold nothing out")
    self.run = run
    self.gate = gate
    self.folds = folds
  }

  public struct Result: Sendable {
    public let outcome: GateOutcome
    /// Fitted on all patients, of which the accepted part was taken; nil where it was refused.
    public let adapted: AdaptationRun.Result?
    /// Scans that couldn't be read, while judging or fitting.
    public let unreadable: [UnreadableScan]
  }

  /// - Parameters:
  ///   - inPlace: what is used for these scans now, to be no worse than.
  ///   - name: of this cohort, in the ledger.
  ///   - checkpoints: a folder for stopped fits to continue from; nil keeps none.
  ///   - fold: told before each fold.
  /// - Throws: what the run, the predictor and the gate throw; `Interrupted` with a checkpoint saved.
  public func adapt(
    _ source: Model, to cohort: Cohort, inPlace: Model? = nil, named name: String, loader: ScanLoader, ledger: Ledger,
    checkpoints: String? = nil, observer: TrainingObserver = TrainingObserver(), fold: (_ index: Int, _ count: Int) -> Void = { _, _ in }
  ) throws -> Result {
    let (outcome, unreadable) = try judge(
      source, on: cohort, inPlace: inPlace, named: name, loader: loader, ledger: ledger, checkpoints: checkpoints, observer: observer,
      fold: fold)
    guard outcome.decision != .refused else { return Result(outcome: outcome, adapted: nil, unreadable: unreadable) }
    let fitted = try run.adapt(
      source, to: cohort.allForFitting(ledger, under: name), loader: loader, checkpoint: try checkpoint(checkpoints, "all"),
      observer: observer)
    if let refusal = fitted.report.refusal {
      return Result(outcome: GateOutcome(.refused, .strategyRefused(refusal)), adapted: nil, unreadable: unreadable)
    }
    var model = outcome.part.taken(from: fitted.model, source: source)
    if gate != nil { model.card.provenance.append("gate: \(outcome)") }
    var taken = fitted
    taken.model = model
    // What is taken in part isn't what was merged.
    if outcome.part != .whole { taken.unmerged = nil }
    taken.unmerged?.card = model.card
    let failed = Set(unreadable).union(fitted.report.unreadable).sorted { $0.path < $1.path }
    return Result(outcome: outcome, adapted: taken, unreadable: failed)
  }

  /// The gate's verdict alone, with the scans that couldn't be read.
  public func judge(
    _ source: Model, on cohort: Cohort, inPlace: Model? = nil, named name: String, loader: ScanLoader, ledger: Ledger,
    checkpoints: String? = nil, observer: TrainingObserver = TrainingObserver(), fold: (_ index: Int, _ count: Int) -> Void = { _, _ in }
  ) throws -> (outcome: GateOutcome, unreadable: [UnreadableScan]) {
    guard let gate else { return (.notJudged(.notAsked), []) }
    guard !run.strategy.head.changesLabels else { return (.notJudged(.nothingToCompareWith), []) }
    let isLabelled = !cohort.records.patientsLabelled(among: source.card.labels).isEmpty
    guard isLabelled || source.card.output == .softmax else { return (GateOutcome(.refused, .unlabelledFindings), []) }
    guard try isLabelled || !regroupsNormalizations(of: source) else { return (GateOutcome(.refused, .unlabelledSwap), []) }
    let judging = isLabelled ? cohort.labelled : cohort
    guard judging.patients.count >= 2 else {
      return (GateOutcome(.refused, .tooFewPatients(found: judging.patients.count, needed: gate.minimumPatients)), [])
    }
    func scanner() throws -> ScannerEvidence? {
      isLabelled ? nil : try evidence(source, judging, loader, gate, ledger, "\(name) gate")
    }
    let plan = FoldPlan.grouped(folds: min(folds, judging.patients.count), seed: run.training.seed)
    let division = try cohort.folds(plan, ledger: ledger, under: "\(name) gate")
    func outcome<Answer: JudgedAnswer>(_ kind: Answer.Type) throws -> (outcome: GateOutcome, unreadable: [UnreadableScan]) {
      let answers = try crossFitted(
        kind, source, division, isLabelled, inPlace: inPlace, loader: loader, checkpoints: checkpoints, observer: observer, fold: fold)
      if let refusal = answers.refusal { return (GateOutcome(.refused, .strategyRefused(refusal)), answers.unreadable) }
      let outcome = try gate.judge(
        answers.candidates, reference: answers.reference, inPlace: inPlace == nil ? nil : answers.inPlace, scanner: try scanner(),
        findings: source.card.output == .sigmoid ? source.card.labels : [])
      return (outcome, answers.unreadable)
    }
    return source.card.output == .sigmoid ? try outcome(MultiLabelPrediction.self) : try outcome(Prediction.self)
  }

  /// Whether other values are normalized together than in the source: batch statistics became each scan's own.
  private func regroupsNormalizations(of source: Model) throws -> Bool {
    var rewritten = source
    _ = try run.strategy.prepare(&rewritten)
    let groupings = Dictionary(source.graph.normalizations.map { ($0.name, $0.operation.grouping) }) { first, _ in first }
    return rewritten.graph.normalizations.contains { layer in groupings[layer.name].map { $0 != layer.operation.grouping } ?? false }
  }

  private func crossFitted<Answer: JudgedAnswer>(
    _ kind: Answer.Type, _ source: Model, _ division: FoldSet, _ isLabelled: Bool, inPlace: Model?, loader: ScanLoader,
    checkpoints: String?, observer: TrainingObserver, fold: (_ index: Int, _ count: Int) -> Void
  ) throws -> CrossFittedAnswers<Answer> {
    let predictor = Predictor(loader: loader, budget: run.budget)
    var answers = CrossFittedAnswers<Answer>()
    var refusals: [String] = []
    for part in division.folds {
      fold(part.index, division.folds.count)
      let adapted = try run.adapt(
        source, to: part.training, validatingOn: part.validation, loader: loader,
        checkpoint: try checkpoint(checkpoints, "fold\(part.index)"), observer: observer
      )
      if let refusal = adapted.report.refusal { refusals.append(refusal) }
      let records = isLabelled ? part.test.labelledRecords : part.test.records
      guard !records.isEmpty else { continue }
      func predict(_ model: AdaptedModel) throws -> (answers: [Answer], unreadable: [UnreadableScan]) {
        try Answer.answers(of: model, to: records, labels: isLabelled ? .checked : .whereKnown, by: predictor)
      }
      let whole = try predict(adapted.adapted)
      answers.add(whole.answers, of: .whole)
      answers.unreadable += whole.unreadable
      for part in isLabelled && adapted.packs == nil ? AdaptedPart.parts(of: adapted.model, from: source) : [] {
        answers.add(try predict(AdaptedModel(part.taken(from: adapted.model, source: source))).answers, of: part)
      }
      answers.reference.append(try predict(AdaptedModel(source)).answers)
      if let inPlace { answers.inPlace.append(try predict(AdaptedModel(inPlace)).answers) }
    }
    // All folds' answers are the source model's then.
    if refusals.count == division.folds.count { answers.refusal = refusals.first }
    return answers
  }

  private func evidence(_ source: Model, _ cohort: Cohort, _ loader: ScanLoader, _ gate: Gate, _ ledger: Ledger, _ name: String) throws
    -> ScannerEvidence?
  {
    guard !source.graph.recalibratableLayers.isEmpty else { return nil }
    let seen = try PatientMoments.observed(
      by: source, on: cohort.allForFitting(ledger, under: name), images: ScanImages(loader), threads: run.budget.threads)
    let report = MismatchComparison(seed: gate.bootstrap.seed).compare(seen.moments, of: cohort.scanners[0], with: source)
    return ScannerEvidence(report)
  }

  private func checkpoint(_ folder: String?, _ name: String) throws(FileError) -> String? {
    guard let folder else { return nil }
    try Folder.create(folder)
    return "\(folder)/\(name).safetensors"
  }
}

/// What each part of an adaptation, and the models it is compared with, answered fold by fold.
private struct CrossFittedAnswers<Answer: JudgedAnswer> {
  private var parts: [AdaptedPart: [[Answer]]] = [:]
  private var order: [AdaptedPart] = []
  var reference: [[Answer]] = []
  var inPlace: [[Answer]] = []
  var unreadable: [UnreadableScan] = []
  /// Why the strategy changed nothing in any fold.
  var refusal: String?

  mutating func add(_ predictions: [Answer], of part: AdaptedPart) {
    if parts[part] == nil { order.append(part) }
    parts[part, default: []].append(predictions)
  }

  /// Those that every fold has.
  var candidates: [Gate.Candidate<Answer>] {
    order.filter { parts[$0]!.count == reference.count }.map { Gate.Candidate(parts[$0]!, part: $0) }
  }
}
