import Adaptation
import Cohorts
import Evaluation
import Files
import ModelFiles

/// The source model and each adaptation on the same held-out patients, where a scan may have several findings at once, or none.
///
/// The plain form of `CrossValidation`: patient folds within the target scanners, one repetition; a finding that nobody looked for in a
/// scan takes no part in anything. A function of model, cohort, strategies and configuration: the same bits each time, interrupted or not.
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

  /// Divides the patients, fits and scores fold by fold, and summarizes.
  /// - Parameter folder: keeps each finished strategy of each fold, and a stopped training; nil keeps everything in memory.
  /// - Throws: `ExperimentError`, `FoldError`, `LabelVocabularyError`, `ExperimentStopped`, `FileError`, and whatever scoring the baseline
  ///   throws. A strategy that fails is a row that says so.
  public func run(
    on cohort: Cohort, in folder: RunFolder? = nil, ledger: Ledger = Ledger(), observer: ExperimentObserver = ExperimentObserver()
  ) throws -> FindingsResult {
    let design = try FindingsDesign(configuration, model: model, strategies: strategies, cohort: cohort)
    let set = try design.cohort.folds(
      .grouped(folds: configuration.folds, seed: configuration.seed), ledger: ledger, under: configuration.protocolName.rawValue)
    let identity = try ExperimentIdentity(self, design).hash.hex
    try folder?.bind(to: identity)
    var records: [FindingsRecord] = []
    for (number, fold) in set.folds.enumerated() {
      observer.report(.foldBegan(fold.name, number: number + 1, of: set.folds.count))
      var record = FindingsRecord(fold, of: identity)
      if let kept: FindingsRecord = try folder?.foldAnswers(fold.name, of: identity) {
        observer.report(.foldTakenUp(fold.name, strategies: kept.strategies.map(\.name)))
        record = kept
        ledger.take(kept)
      }
      let lost = Set(records.flatMap(\.strategies).filter { $0.failure != nil }.map(\.name)).subtracting([ChosenInside.name])
      let run = FindingsFoldRun(
        design: design, evaluation: self, fold: fold, lost: lost, ledger: ledger, observer: observer,
        checkpoints: try folder?.checkpoints())
      func stopped() -> ExperimentStopped {
        ExperimentStopped(finishedFolds: number, folds: set.folds.count, folder: folder?.path)
      }
      do {
        try run.run(&record) { try folder?.write($0) }
      } catch is StopRequested {
        throw stopped()
      } catch is Interrupted {
        throw stopped()
      }
      records.append(record)
    }
    observer.report(.summarizing)
    return try summary(design, set, records, identity, cohort)
  }

  private func summary(
    _ design: FindingsDesign, _ set: FoldSet, _ records: [FindingsRecord], _ identity: String, _ whole: Cohort
  ) throws -> FindingsResult {
    // Of what these folds wrote while they ran, in whichever process.
    let ledger = Ledger()
    for record in records { ledger.take(record) }
    let rows =
      design.rows.map { FindingsRow($0, in: records) }
      + (design.candidates.isEmpty ? [] : [FindingsRow(chosenInside: design.rows[0], in: records)])
    let unreadable = Set(records.flatMap(\.unreadable).map { UnreadableScan(path: $0.path, reason: $0.reason) }).sorted {
      $0.path < $1.path
    }
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
    let conduct = conduct(design, set, records, strategies, identity, ledger, whole, unreadable: unreadable.count)
    return FindingsResult(
      model: modelName, architecture: model.card.architecture?.rawValue ?? "a graph of its own", backboneHash: model.backboneHash.hex,
      sourcePatients: known.known, preprocessing: "\(model.card.preprocessing)",
      findings: design.findings, counts: design.findings.map { FindingsResult.Count($0, in: design.cohort.records) },
      targetScanners: design.cohort.scanners.map(\.rawValue), patientIdentity: design.cohort.patientIdentity.description,
      patients: design.cohort.labelled.patients.count, scans: design.cohort.labelled.count, baseline: design.baseline,
      bootstrap: bootstrap, rule: configuration.rule, folds: set.folds.count, seed: configuration.seed, strategies: strategies,
      notes: notes(design, set, known, unreadable, ledger, whole) + conduct.findings, conduct: conduct,
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
    if design.rows.count > 2, design.candidates.isEmpty { notes.append(.severalComparisons(count: design.rows.count - 1)) }
    return notes
  }
}

/// One strategy's answers, fold by fold.
struct FindingsRow {
  let name: String
  let summary: String
  let statistics: String
  let head: String
  let folds: [[MultiLabelPrediction]]
  let trainedParameters: Int
  let seconds: Double?
  let failure: String?

  init(_ strategy: ExperimentStrategy, in records: [FindingsRecord]) {
    let own = strategy.strategy
    self.init(
      strategy.name, own.summary, statistics: own.statistics.sentence, head: own.head.rawValue, records.map { ($0.fold, $0[strategy.name]) }
    )
  }

  /// What inner folds chose, in words as other evaluations have it.
  init(chosenInside baseline: ExperimentStrategy, in records: [FindingsRecord]) {
    let entry = ExperimentDesign.Row.chosenInside(baseline).entry
    self.init(
      entry.name, entry.summary, statistics: entry.statistics, head: entry.head, records.map { ($0.fold, $0[entry.name]) })
  }

  private init(
    _ name: String, _ summary: String, statistics: String, head: String, _ own: [(fold: FoldName, answers: FindingsRecord.Strategy?)]
  ) {
    (self.name, self.summary, self.statistics, self.head) = (name, summary, statistics, head)
    folds = own.map { $0.answers?.predictions ?? [] }
    trainedParameters = own.compactMap { $0.answers?.trainedParameters }.max() ?? 0
    let times = own.compactMap { $0.answers?.seconds }
    seconds = times.isEmpty ? nil : times.reduce(0, +)
    failure = own.lazy.compactMap { entry in entry.answers?.failure.map { "fold \(entry.fold.short): \($0)" } }.first
  }

  func result(
    isBaseline: Bool, scores: [FindingsResult.Score], difference: PairedDifference?, verdict: VerdictWithReason?
  ) -> FindingsResult.Strategy {
    FindingsResult.Strategy(
      name: name, summary: summary, statistics: statistics, head: head, isBaseline: isBaseline, failure: failure, scores: scores,
      difference: difference,
      verdict: verdict, trainedParameters: trainedParameters, seconds: seconds)
  }
}
