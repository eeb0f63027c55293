import Cohorts
import Graphs
import ModelFiles
import Normalization
import Tensors

/// A norm pack for each scanner of the training scans, under one adapted model.
struct ScannerPacks {
  let policy: StatisticsPolicy
  /// The values whose running statistics are the prior of a blend.
  let prior: Parameters
  let scans: RunScans
  let budget: ComputeBudget

  /// - Parameters:
  ///   - own: each scanner's gamma and beta; a scanner without (it has no labels) gets the model's.
  /// - Throws: `RecalibrationError` where a scanner has no readable scan.
  func bank(for model: Model, on training: TrainingScans, own: [ScannerID: [ParameterID: Tensor]]) throws -> NormPackBank {
    try NormPackBank(
      try training.scanners.map { scanner in
        let records = training.restricted(toScanner: scanner).records
        var fitted = model
        for (id, value) in own[scanner] ?? [:] { fitted.parameters[id] = value }
        try StatisticsEstimation(policy: policy, prior: prior, records: records, scans: scans, budget: budget).estimate(&fitted)
        let patients = Set(records.map(\.patient)).count
        fitted.card.statistics = "\(policy.sentence): \(scanner), \(records.count) scans of \(patients) patients"
        return NormPack(of: fitted, scanner: scanner, scanCount: records.count, patientCount: patients)
      })
  }
}
