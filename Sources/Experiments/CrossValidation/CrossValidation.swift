import Adaptation
import Cohorts
import Evaluation
import Files
import Foundation
import ModelFiles

/// The source model and each adaptation on the same held-out patients, fold by fold.
///
/// A function of model, cohort, strategies and configuration: the same bits each time, on any number of threads, interrupted or not.
/// With a run folder, each finished strategy of each fold is kept there and not run again.
public struct CrossValidation: Sendable {
  public var configuration: ExperimentConfiguration
  public var model: Model
  /// As the header names it; not a path.
  public var modelName: String
  public var strategies: [ExperimentStrategy]
  /// Prepares scans as the model's card says.
  public var loader: ScanLoader
  public var budget: ComputeBudget
  /// The site's key: compares the card's patients with the cohort's.
  public var pseudonyms: Pseudonyms
  public var identifiers: Identifiers

  /// - Parameter identifiers: pseudonyms unless given.
  public init(
    _ configuration: ExperimentConfiguration, model: Model, named modelName: String, strategies: [ExperimentStrategy], loader: ScanLoader,
    budget: ComputeBudget = ComputeBudget(), pseudonyms: Pseudonyms, identifiers: Identifiers? = nil
  ) {
    self.configuration = configuration
    self.model = model
    self.modelName = modelName
    self.strategies = strategies
    self.loader = loader
    self.budget = budget
    self.pseudonyms = pseudonyms
    self.identifiers = identifiers ?? .pseudonyms(pseudonyms)
  }

  /// What a run gives: the result, and the folds it was made of.
  public struct Outcome: Sendable {
    public let result: EvaluationResult
    public let records: [FoldRecord]
  }

  /// Runs all folds, or those that the folder lacks, and writes the folder's files.
  ///
  /// - Parameter folder: nil keeps everything in memory.
  /// - Throws: `ExperimentError`, `FoldError`, `ExperimentStopped`, `FileError`, and whatever scoring the source model throws. A strategy
  ///   that fails is a row that says so.
  public func run(
    on cohort: Cohort, in folder: RunFolder? = nil, ledger: Ledger = Ledger(), observer: ExperimentObserver = ExperimentObserver()
  )
    throws -> Outcome
  {
    let design = try ExperimentDesign(configuration, model: model, strategies: strategies, cohort: cohort)
    let division = try division(of: design, ledger: ledger)
    let folds = division.folds
    let sourcePatients = SourcePatientCheck(model.card.fittedPatients, design: design, pseudonyms: pseudonyms)
    let identity = try ExperimentIdentity(self, design).hash.hex
    try folder?.bind(to: identity)

    var records: [FoldRecord] = []
    for (number, fold) in folds.enumerated() {
      observer.report(.foldBegan(fold.name, number: number + 1, of: folds.count))
      var record =
        try kept(fold, identity: identity, in: folder, observer: observer) ?? emptyRecord(fold, design: design, identity: identity)
      let run = FoldRun(
        design: design, model: model, fold: fold, loader: loader, budget: budget, excluded: sourcePatients.knownOnSources,
        observer: observer,
        checkpointFolder: try folder?.checkpoints())
      do {
        try run.run(&record) { try folder?.write($0) }
      } catch is StopRequested {
        throw ExperimentStopped(finishedFolds: number, folds: folds.count, folder: folder?.path)
      } catch is Interrupted {
        throw ExperimentStopped(finishedFolds: number, folds: folds.count, folder: folder?.path)
      }
      records.append(record)
    }
    observer.report(.summarizing)
    let summary = EvaluationSummary(
      header: header(design, sourcePatients.known, folds: folds.count), strategies: design.rows.map(\.entry), identifiers: identifiers,
      scans: design.cohort.records)
    let findings =
      findings(design, sourcePatients, cohort: cohort, ledger: ledger) + division.warnings.map { .foldWarning("\($0)") }
    let result = try summary.result(of: records, findings: findings)
    try folder?.write(result, records: records, classes: design.classes, ledger: ledger, identifiers: identifiers, pseudonyms: pseudonyms)
    return Outcome(result: result, records: records)
  }

  private func division(of design: ExperimentDesign, ledger: Ledger) throws -> (folds: [Fold], warnings: [FoldWarning]) {
    let name = configuration.protocolName.rawValue
    guard configuration.protocolName == .unseenScanner else {
      let made = try design.cohort.folds(
        .grouped(folds: configuration.folds, seed: configuration.seed, repeats: configuration.repetitions), ledger: ledger, under: name)
      return (made.folds, made.warnings)
    }
    let made = try design.cohort.folds(.leaveOneScannerOut, ledger: ledger, under: name)
    let folds = made.folds.filter { fold in fold.scanner.map(design.targets.contains) ?? false }
    let names = Set(folds.map(\.name))
    return (folds, made.warnings.filter { $0.fold.map(names.contains) ?? true })
  }

  private func kept(_ fold: Fold, identity: String, in folder: RunFolder?, observer: ExperimentObserver) throws -> FoldRecord? {
    guard let folder, let record = try folder.foldRecord(fold.name) else { return nil }
    guard record.configuration == identity, record.fold == fold.name else { throw ExperimentError.otherRun(folder: folder.path) }
    observer.report(.foldTakenUp(fold.name, strategies: record.strategies.map(\.name)))
    return record
  }

  private func emptyRecord(_ fold: Fold, design: ExperimentDesign, identity: String) -> FoldRecord {
    let training =
      configuration.protocolName == .unseenScanner ? fold.training : fold.training.filtered { design.targets.contains($0.scanner) }
    let test = fold.test.records.filter { design.targets.contains($0.scanner) }
    return FoldRecord(
      configuration: identity, fold: fold.name, trainingPatients: training.patients.count, trainingScans: training.count,
      testPatients: Set(test.map(\.patient)).count, testScans: test.count, strategies: [])
  }

  private func header(_ design: ExperimentDesign, _ patients: EvaluationHeader.SourcePatients, folds: Int) -> EvaluationHeader {
    EvaluationHeader(
      protocolName: configuration.protocolName, model: modelName, architecture: model.card.architecture?.rawValue ?? "a graph of its own",
      backboneHash: model.backboneHash.hex, sourcePatients: patients, preprocessing: "\(model.card.preprocessing)", classes: design.classes,
      targetScanners: design.targets.map(\.rawValue).sorted(), sourceScanners: design.sources.map(\.rawValue).sorted(),
      patientIdentity: design.cohort.patientIdentity.description, baseline: design.base.baseline, metrics: design.metrics,
      bootstrap: configuration.bootstrap, rule: configuration.rule, folds: folds, repetitions: configuration.repetitions,
      seed: configuration.seed, labelsPermuted: configuration.permutesLabels)
  }

  private func findings(_ design: ExperimentDesign, _ patients: SourcePatientCheck, cohort: Cohort, ledger: Ledger) -> [Finding] {
    var found: [Finding] = []
    if !patients.knownOnTargets.isEmpty {
      found.append(
        .sourceModelKnowsPatients(
          count: patients.knownOnTargets.count, examples: patients.knownOnTargets.sorted().prefix(3).map(identifiers.patient)))
    }
    found += ledger.leaks().map { .patientOnBothSides(fold: $0.fold.short, patient: identifiers.patient($0.patient)) }
    if configuration.permutesLabels { found.append(.labelsPermuted) }
    if configuration.protocolName == .transductive { found.append(.transductive) }
    if cohort.patientIdentity == .everyScanItsOwn { found.append(.everyScanItsOwnPatient) }
    switch patients.known {
    case .unknown, .otherKey: found.append(.sourcePatientsUnknown)
    case .known: break
    }
    if !patients.knownOnSources.isEmpty { found.append(.sourceScansLeftOut(patients: patients.knownOnSources.count)) }
    if design.needsNewHead { found.append(.sourceHeadUnknown(modelLabels: model.card.labels)) }
    let unlabelled = design.cohort.records.count { $0.label == nil }
    if unlabelled > 0 { found.append(.unlabelledScans(scans: unlabelled)) }
    if !cohort.unavailable.isEmpty { found.append(.missingFiles(scans: cohort.unavailable.count)) }
    return found
  }
}

extension FoldWarning {
  /// nil where it is about all of them.
  fileprivate var fold: FoldName? {
    switch self {
    case .classInFewerPatientsThanFolds: nil
    case .testLacksClass(let fold, _), .trainingLacksClass(let fold, _), .patientsRemoved(let fold, _, _), .scansInNeither(let fold, _):
      fold
    }
  }
}

extension ExperimentDesign.Base {
  var baseline: EvaluationHeader.Baseline {
    switch self {
    case .sourceModel: .sourceModel
    case .headFittedOnTarget: .linearProbeOnSourceStatistics
    case .headFittedOnSources: .linearProbeOnSourceScanners
    }
  }
}
