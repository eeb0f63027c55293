import Cohorts
import Engine
import ModelFiles

/// A model whose statistics were taken on a scanner's scans, and the account of how.
public struct Recalibrated: Sendable {
  public let model: Model
  public let report: RecalibrationReport
}

extension Recalibration {
  /// How many scans the output is compared on.
  private static let checkedScans = 4

  /// The model with statistics of these scans; its card names them and remembers their patients.
  ///
  /// - Parameters:
  ///   - scans: training scans, whatever their scanners; usually `restricted(toScanner:)`. Labels aren't read.
  ///   - images: their prepared images, of the card's input shape.
  ///   - pseudonyms: the key under which the card remembers patients.
  /// - Throws: `LayerSelectionError`, `RecalibrationError`, `RewriteExpectationError` where the output didn't change, the engine's errors.
  public func recalibrated(
    _ model: Model, on scans: TrainingScans, images: ScanImages, pseudonyms: Pseudonyms, threads: Int? = nil,
    progress: (RecalibrationProgress) -> Void = { _ in }
  ) throws -> Recalibrated {
    let records = statisticsScans.map { scans.records.patientBalanced($0, seed: seed) } ?? scans.records
    let ordered = OrderedScans(records, images: images, shape: model.card.inputShape)
    let (parameters, layers, used, forwardPasses) = try run(on: model, images: ordered.images, threads: threads, progress: progress)

    let usedIDs = Set(used.map(\.id))
    let patients = Set(used.map(\.patient)).sorted()
    let scanners = Set(records.filter { usedIDs.contains($0.id) }.map(\.scanner)).sorted()
    let checked = Set(used.prefix(Self.checkedScans).map(\.id))
    let few = OrderedScans(records.filter { checked.contains($0.id) }, images: images, shape: model.card.inputShape)
    let change = try NoOpDetector().check(
      "recalibration on scanner \(scanners.map(\.rawValue).joined(separator: " + "))", expectation,
      before: (model.graph, model.parameters), after: (model.graph, parameters), on: few.load(0..<few.images.listed).maps!,
      threads: threads)

    let report = RecalibrationReport(
      recalibration: self, scanners: scanners, scans: used.map(\.id).sorted(), patients: patients, failures: ordered.failures,
      isTransductive: scans.isTransductive, layers: layers, forwardPasses: forwardPasses, outputChange: change)
    var recalibrated = model
    recalibrated.parameters = parameters
    let hashes = PatientHashes(patients, pseudonyms)
    recalibrated.card.fittedPatients = model.card.fittedPatients.adding(
      FittedPatients.Keyed(keyID: hashes.keyID, hashes: hashes.hashes))
    recalibrated.card.statistics = report.summary
    recalibrated.card.provenance.append("recalibrated: \(report.summary)")
    return Recalibrated(model: recalibrated, report: report)
  }
}
