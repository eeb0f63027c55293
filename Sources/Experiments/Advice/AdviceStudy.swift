import Adaptation
import Cohorts
import Evaluation
import Files
import Foundation
import ModelFiles

/// Strategies measured at several numbers of training patients, inside cross-validation, within a budget: what advice is drawn from.
///
/// A function of model, cohort, strategies and configuration, but for what the clock decides: which fits there is time for. With a run folder,
/// each finished fit is kept there and not made again.
public struct AdviceStudy: Sendable {
  public var configuration: AdviceConfiguration
  /// Model, strategies, loader and names; its configuration is replaced by the study's.
  public var evaluation: CrossValidation

  public init(_ configuration: AdviceConfiguration, evaluation: CrossValidation) {
    var evaluation = evaluation
    var configuration = configuration
    if configuration.evaluation.metrics.isEmpty { configuration.evaluation.metrics = [ErrorMeasure.balancedMistakes.metric] }
    evaluation.configuration = configuration.evaluation
    self.configuration = configuration
    self.evaluation = evaluation
  }

  /// Divides the cohort and binds the folder to this study; nothing is fitted.
  /// - Throws: `AdviceError`, `ExperimentError`, `FoldError`, `FileError`.
  public func plan(on cohort: Cohort, in folder: RunFolder? = nil, ledger: Ledger = Ledger()) throws -> PlannedAdvice {
    let planned = try evaluation.plan(on: cohort, ledger: ledger)
    let design = planned.design
    let metric = design.metrics[0]
    guard ErrorMeasure(metric) != nil else {
      throw AdviceError.notAdditive(metric: metric.name, known: ErrorMeasure.allCases.map(\.metric.name))
    }
    try check(design)
    let pools = planned.folds.map { design.patients(of: $0.training) }
    let (smallest, largest) = (PatientSizes.smallest(classes: Set(design.cohort.labels).count), pools.min() ?? 0)
    let sizes = configuration.sizes.map { Set($0).sorted() } ?? PatientSizes.halving(largest, classes: Set(design.cohort.labels).count)
    for size in sizes where size < min(smallest, largest) || size > largest {
      throw AdviceError.size(size, smallest: min(smallest, largest), largest: largest)
    }
    let identity = ContentHash(
      of: "scanadapt advice 1\n\(planned.identity)\n\(sizes) \(configuration.draws)"
    ).hex
    try folder?.bind(to: identity)
    try folder?.write(planned.foldsCSV, named: "folds.csv")
    return PlannedAdvice(
      study: self, planned: planned, identity: identity, sizes: sizes, folder: folder, ledger: ledger)
  }

  private func check(_ design: ExperimentDesign) throws {
    let records = design.cohort.labelled.records.filter { design.targets.contains($0.scanner) }
    let patients = Dictionary(grouping: records) { $0.label! }.mapValues { Set($0.map(\.patient)).count }
    guard patients.count > 1 else { throw AdviceError.oneClass(patients.keys.first ?? "", source: design.cohort.source) }
    let needed = configuration.evaluation.folds
    if let (label, found) = patients.min(by: { ($0.value, $0.key) < ($1.value, $1.key) }), found < needed {
      throw AdviceError.tooFewPatients(label: label, found: found, needed: needed, source: design.cohort.source)
    }
  }
}

extension ExperimentDesign {
  /// What strategies are fitted on: the target's scans that have a label.
  func fittable(_ training: TrainingScans) -> TrainingScans { training.filtered { targets.contains($0.scanner) }.labelled }

  func patients(of training: TrainingScans) -> Int { fittable(training).patients.count }
}
