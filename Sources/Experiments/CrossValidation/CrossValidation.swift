import Adaptation
import Cohorts
import Evaluation
import Files
import Foundation
import ModelFiles

/// The source model and each adaptation on the same held-out patients, fold by fold.
///
/// A function of model, cohort, strategies and configuration: the same bits each time, on any number of threads, interrupted or not, in
/// one process or fold by fold in many. With a run folder, each finished strategy of each fold is kept there and not run again.
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
  /// The folds of `FoldDivision.file`.
  public var splitFile: SplitFile?
  /// Patients that others fitted the source model on, as somebody lists them; with them its patients are known.
  public var outsiders: [PatientID]?

  /// - Parameter identifiers: pseudonyms unless given.
  public init(
    _ configuration: ExperimentConfiguration, model: Model, named modelName: String, strategies: [ExperimentStrategy], loader: ScanLoader,
    budget: ComputeBudget = ComputeBudget(), pseudonyms: Pseudonyms, identifiers: Identifiers? = nil, splitFile: SplitFile? = nil,
    outsiders: [PatientID]? = nil
  ) {
    self.configuration = configuration
    self.model = model
    self.modelName = modelName
    self.strategies = strategies
    self.loader = loader
    self.budget = budget
    self.pseudonyms = pseudonyms
    self.identifiers = identifiers ?? .pseudonyms(pseudonyms)
    self.splitFile = splitFile
    self.outsiders = outsiders
  }

  /// What a run gives: the result, and the folds it was made of.
  public struct Outcome: Sendable {
    public let result: EvaluationResult
    public let records: [FoldRecord]
  }

  /// Plans, runs all folds or those that the folder lacks, gathers, and writes the folder's files.
  ///
  /// - Parameter folder: nil keeps everything in memory.
  /// - Throws: `ExperimentError`, `FoldError`, `ExperimentStopped`, `FileError`, and whatever scoring the source model throws. A strategy
  ///   that fails is a row that says so.
  public func run(
    on cohort: Cohort, in folder: RunFolder? = nil, ledger: Ledger = Ledger(), observer: ExperimentObserver = ExperimentObserver()
  ) throws -> Outcome {
    let planned = try plan(on: cohort, in: folder, ledger: ledger)
    let records = try planned.folds.indices.map { try planned.run(fold: $0, observer: observer) }
    observer.report(.summarizing)
    return try planned.gather(records)
  }

  /// Divides the cohort and binds the folder to this run; nothing is fitted.
  /// - Throws: `ExperimentError`, `FoldError`, `FileError`.
  public func plan(on cohort: Cohort, in folder: RunFolder? = nil, ledger: Ledger = Ledger()) throws -> PlannedEvaluation {
    let design = try ExperimentDesign(configuration, model: model, strategies: strategies, cohort: cohort)
    let splits = try splits(of: cohort)
    let (folds, warnings) = try division(of: design, splits: splits, ledger: ledger)
    let planned = PlannedEvaluation(
      experiment: self, cohort: cohort, design: design, folds: folds, warnings: warnings,
      sourcePatients: SourcePatientCheck(model.card.fittedPatients, outsiders: outsiders, design: design, pseudonyms: pseudonyms),
      identity: try ExperimentIdentity(self, design, splits: splits).hash.hex, folder: folder, ledger: ledger)
    try folder?.bind(to: planned.identity)
    try folder?.write(planned.foldsCSV, named: "folds.csv")
    return planned
  }

  private func splits(of cohort: Cohort) throws -> [ScanSplit] {
    guard (configuration.division == .file) == (splitFile != nil) else {
      throw ExperimentError.contradiction("a division by a file needs its folds, and only that")
    }
    return try splitFile?.scans(in: cohort) ?? []
  }

  private func division(
    of design: ExperimentDesign, splits: [ScanSplit], ledger: Ledger
  ) throws -> (folds: [Fold], warnings: [FoldWarning]) {
    let isUnseen = configuration.protocolName == .unseenScanner
    let plan: FoldPlan =
      switch configuration.division {
      case _ where isUnseen: .leaveOneScannerOut
      case .patients: .grouped(folds: configuration.folds, seed: configuration.seed, repeats: configuration.repetitions)
      case .sites: .leaveOneSiteOut
      case .date(let date): .temporal(from: date)
      case .splitColumn: .splitColumn
      case .file: .scans(splits)
      }
    let scope = FoldScope(
      testedScanners: design.targets,
      fittedScanners: isUnseen ? nil : design.base == .headFittedOnSources ? design.targets.union(design.sources) : design.targets)
    var made: (folds: [Fold], warnings: [FoldWarning]) = ([], [])
    for (repetition, cohort) in design.cohorts.enumerated() {
      let set = try cohort.folds(
        plan, ledger: ledger, under: configuration.protocolName.rawValue, scope: scope, firstRepetition: repetition)
      made.folds += set.folds
      made.warnings += set.warnings.filter { !made.warnings.contains($0) }
    }
    return made
  }
}
