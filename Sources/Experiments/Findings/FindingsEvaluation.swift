import Adaptation
import Cohorts
import Evaluation
import Files
import ModelFiles

/// The source model and each adaptation on the same held-out patients, where a scan may have several findings at once, or none.
///
/// The plain form of `CrossValidation`: patient folds within the target scanners, one repetition, no choice inside; a finding that nobody
/// looked for in a scan takes no part in anything. A function of model, cohort, strategies and configuration: the same bits each time.
public struct FindingsEvaluation: Sendable {
  public var configuration: ExperimentConfiguration
  public var model: Model
  /// As tables name it; not a path.
  public var modelName: String
  public var strategies: [ExperimentStrategy]
  public var loader: ScanLoader
  public var budget: ComputeBudget
  public var pseudonyms: Pseudonyms
  public var identifiers: Identifiers
  public var outsiders: [PatientID]?

  /// - Parameter identifiers: pseudonyms unless given.
  public init(
    _ configuration: ExperimentConfiguration, model: Model, named modelName: String, strategies: [ExperimentStrategy], loader: ScanLoader,
    budget: ComputeBudget = ComputeBudget(), pseudonyms: Pseudonyms, identifiers: Identifiers? = nil, outsiders: [PatientID]? = nil
  ) {
    self.configuration = configuration
    self.model = model
    self.modelName = modelName
    self.strategies = strategies
    self.loader = loader
    self.budget = budget
    self.pseudonyms = pseudonyms
    self.identifiers = identifiers ?? .pseudonyms(pseudonyms)
    self.outsiders = outsiders
  }

  /// Divides the patients, fits and scores fold by fold, and summarizes; nothing is kept between folds.
  /// - Throws: `ExperimentError`, `FoldError`, `LabelVocabularyError`, `ExperimentStopped`, and whatever scoring the baseline throws. A
  ///   strategy that fails is a row that says so.
  public func run(
    on cohort: Cohort, ledger: Ledger = Ledger(), observer: ExperimentObserver = ExperimentObserver()
  ) throws -> FindingsResult {
    let design = try FindingsDesign(configuration, model: model, strategies: strategies, cohort: cohort)
    let set = try design.cohort.folds(
      .grouped(folds: configuration.folds, seed: configuration.seed), ledger: ledger, under: configuration.protocolName.rawValue)
    var rows = design.rows.map { FindingsRow($0) }
    var unreadable: Set<UnreadableScan> = []
    for (number, fold) in set.folds.enumerated() {
      observer.report(.foldBegan(fold.name, number: number + 1, of: set.folds.count))
      for index in rows.indices where rows[index].failure == nil {
        if observer.shouldStop() { throw ExperimentStopped(finishedFolds: number, folds: set.folds.count, folder: nil) }
        observer.report(.strategyBegan(rows[index].strategy.name, fold: fold.name, number: index + 1, of: rows.count))
        do {
          let answers = try fit(rows[index].strategy, fold, design, &rows[index], observer)
          rows[index].folds.append(answers.predictions)
          unreadable.formUnion(answers.unreadable)
        } catch is Interrupted {
          throw ExperimentStopped(finishedFolds: number, folds: set.folds.count, folder: nil)
        } catch  where index > 0 {
          observer.report(.strategyFailed(rows[index].strategy.name, fold: fold.name, reason: "\(error)"))
          rows[index].failure = "fold \(fold.name.short): \(error)"
        }
      }
    }
    observer.report(.summarizing)
    return try summary(design, set, rows, unreadable.sorted { $0.path < $1.path }, ledger, cohort)
  }

  private func fit(
    _ strategy: ExperimentStrategy, _ fold: Fold, _ design: FindingsDesign, _ row: inout FindingsRow, _ observer: ExperimentObserver
  ) throws -> ScanFindings {
    guard strategy.strategy.perScanner == nil else {
      throw ExperimentError.contradiction(
        "several findings a scan are answered by one model; found \(strategy.name), which keeps a pack for each scanner")
    }
    let run = AdaptationRun(
      strategy.strategy, training: strategy.training, newHeadLabels: design.findings, validationFraction: strategy.validationFraction,
      budget: budget)
    let fitted = try run.adapt(model, to: fold.training, loader: loader, observer: observer.observing { ExperimentEvent.training($0) })
    row.trainedParameters = max(row.trainedParameters, fitted.report.trainedParameters)
    row.seconds = fitted.report.seconds.map { $0 + (row.seconds ?? 0) }
    observer.report(.predicting(scans: fold.test.labelledRecords.count))
    return try Predictor(loader: loader, budget: budget).predictFindings(fitted.model, on: fold.test.labelledRecords)
  }

  private func summary(
    _ design: FindingsDesign, _ set: FoldSet, _ rows: [FindingsRow], _ unreadable: [UnreadableScan], _ ledger: Ledger, _ whole: Cohort
  ) throws -> FindingsResult {
    let bootstrap = configuration.bootstrap
    let primary = design.metrics[0]
    let strategies = try rows.enumerated().map { index, row in
      guard row.failure == nil else { return row.result(isBaseline: index == 0, scores: [], difference: nil, verdict: nil) }
      let scores = design.metrics.map { metric in
        FindingsResult.Score(
          metric: metric, macro: bootstrap.macroEstimate(metric, ofFolds: row.folds),
          byFinding: bootstrap.estimates(metric, ofFolds: row.folds))
      }
      guard index > 0 else { return row.result(isBaseline: true, scores: scores, difference: nil, verdict: nil) }
      let difference = try bootstrap.macroDifference(primary, candidateFolds: row.folds, referenceFolds: rows[0].folds)
      return row.result(isBaseline: false, scores: scores, difference: difference, verdict: configuration.rule.verdict(on: difference))
    }
    let known = SourcePatientCheck(
      model.card.fittedPatients, outsiders: outsiders, records: design.cohort.labelled.records, targets: Set(design.cohort.scanners),
      sources: [], pseudonyms: pseudonyms)
    return FindingsResult(
      model: modelName, backboneHash: model.backboneHash.hex, sourcePatients: known.known, preprocessing: "\(model.card.preprocessing)",
      findings: design.findings, counts: design.findings.map { FindingsResult.Count($0, in: design.cohort.records) },
      targetScanners: design.cohort.scanners.map(\.rawValue), patientIdentity: design.cohort.patientIdentity.description,
      patients: design.cohort.labelled.patients.count, scans: design.cohort.labelled.count, baseline: design.baseline,
      bootstrap: bootstrap, rule: configuration.rule, folds: set.folds.count, seed: configuration.seed, strategies: strategies,
      notes: notes(design, set, known, unreadable, ledger, whole),
      unreadable: unreadable.map { UnreadableEntry(scan: identifiers.scan(ScanID($0.path)), reason: $0.reason) },
      predictions: FindingsTable(rows: rows, findings: design.findings, folds: set.folds.map(\.name), identifiers: identifiers).csv)
  }

  private func notes(
    _ design: FindingsDesign, _ set: FoldSet, _ known: SourcePatientCheck, _ unreadable: [UnreadableScan], _ ledger: Ledger, _ whole: Cohort
  ) -> [Finding] {
    var notes: [Finding] = []
    if !known.knownOnTargets.isEmpty {
      notes.append(
        .sourceModelKnowsPatients(
          count: known.knownOnTargets.count, examples: known.knownOnTargets.sorted().prefix(3).map(identifiers.patient)))
    }
    notes += ledger.leaks().map { .patientOnBothSides(fold: $0.fold.short, patient: identifiers.patient($0.patient)) }
    if design.cohort.patientIdentity == .everyScanItsOwn { notes.append(.everyScanItsOwnPatient) }
    switch known.known {
    case .unknown, .otherKey: notes.append(.sourcePatientsUnknown)
    case .known: break
    }
    if design.baseline != .sourceModel { notes.append(.sourceHeadUnknown(modelLabels: model.card.labels)) }
    notes += set.warnings.map { .foldWarning("\($0)") }
    let unlabelled = design.cohort.records.count { !$0.isLabelled }
    if unlabelled > 0 { notes.append(.unlabelledScans(scans: unlabelled)) }
    if !whole.unavailable.isEmpty { notes.append(.missingFiles(scans: whole.unavailable.count)) }
    if !unreadable.isEmpty { notes.append(.unreadable(scans: unreadable.count)) }
    if design.rows.count > 2 { notes.append(.severalComparisons(count: design.rows.count - 1)) }
    return notes
  }
}

/// One strategy's answers, fold by fold.
struct FindingsRow {
  let strategy: ExperimentStrategy
  var folds: [[MultiLabelPrediction]] = []
  var trainedParameters = 0
  var seconds: Double?
  var failure: String?

  init(_ strategy: ExperimentStrategy) { self.strategy = strategy }

  func result(
    isBaseline: Bool, scores: [FindingsResult.Score], difference: PairedDifference?, verdict: VerdictWithReason?
  ) -> FindingsResult.Strategy {
    FindingsResult.Strategy(
      name: strategy.name, summary: strategy.strategy.summary, statistics: strategy.strategy.statistics.sentence,
      head: strategy.strategy.head.rawValue, isBaseline: isBaseline, failure: failure, scores: scores, difference: difference,
      verdict: verdict, trainedParameters: trainedParameters, seconds: seconds)
  }
}
