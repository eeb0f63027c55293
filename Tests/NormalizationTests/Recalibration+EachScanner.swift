import Cohorts
import ModelFiles
import Normalization

extension Recalibration {
  /// One result for each scanner among the scans, sorted by scanner.
  func recalibratedForEachScanner(
    _ model: Model, on scans: TrainingScans, images: ScanImages, pseudonyms: Pseudonyms
  ) throws -> [(scanner: ScannerID, result: Recalibrated)] {
    try scans.scanners.map { scanner in
      (scanner, try recalibrated(model, on: scans.restricted(toScanner: scanner), images: images, pseudonyms: pseudonyms))
    }
  }
}

extension Recalibrated {
  /// Its normalization state for one scanner.
  func normPack(for scanner: ScannerID) -> NormPack {
    NormPack(
      of: model, scanner: scanner, scanCount: report.scans.count, patientCount: report.patients.count,
      valueCounts: Dictionary(uniqueKeysWithValues: report.layers.map { ($0.layer, $0.valueCount) }))
  }
}
