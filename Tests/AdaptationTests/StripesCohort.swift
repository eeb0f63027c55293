import Cohorts
import Files
import Foundation
import Graphs
import Imaging
import ModelFiles
import RandomStreams

/// Small gray PNGs on disk: class "flat" has horizontal stripes, "tall" vertical ones; a scanner has a gain and an offset.
/// Patients have two scans each; classes alternate between patients.
final class StripesCohort {
  let folder: String
  let cohort: Cohort

  init(
    patients: Int = 12, scansPerPatient: Int = 2, scanner: String = "B", gain: Double = 1, offset: Double = 0, seed: UInt64 = 1,
    labelled: Bool = true, size: Int = 16
  ) throws {
    folder = FileManager.default.temporaryDirectory.path + "/stripes-\(UUID().uuidString)"
    try Folder.create(folder)
    var records: [ScanRecord] = []
    for patient in 0..<patients {
      for scan in 0..<scansPerPatient {
        let name = "\(scanner)_p\(patient)_s\(scan).png"
        var stream = RandomStream(seed: seed, purpose: "stripes", content: name)
        let isTall = patient % 2 == 1
        let phase = stream.uniform(0, 4)
        let samples = (0..<(size * size)).map { index -> UInt16 in
          let position = Double(isTall ? index % size : index / size)
          let clean = 110 + 50 * sin((position + phase) * .pi / 2) + 12 * stream.normal()
          return UInt16(min(max(gain * clean + offset, 0), 255))
        }
        let bytes = PNGWriter.encode(GrayImage(width: size, height: size, bitDepth: 8, samples: samples))
        try AtomicFile.write(bytes, to: "\(folder)/\(name)", durability: .buffered)
        records.append(
          ScanRecord(
            patient: PatientID("p\(patient)"), scanner: ScannerID(scanner), label: labelled ? (isTall ? "tall" : "flat") : nil, path: name,
            absolutePath: "\(folder)/\(name)"))
      }
    }
    cohort = Cohort(records: records, patientIdentity: .declaredColumn("patient"), source: folder)
  }

  deinit { try? Folder.remove(folder) }

  func training(_ ledger: Ledger = Ledger()) -> TrainingScans { cohort.allForFitting(ledger) }

  static var loader: ScanLoader { ScanLoader(preprocessing: preprocessing) }

  static let preprocessing = Preprocessing(channels: 1, mean: [0.43], standardDeviation: [0.2])

  /// A small CNN with fresh weights for these scans.
  static func model(labels: [String] = ["flat", "tall"], seed: UInt64 = 3, size: Int = 16) throws -> Model {
    try Model.initialized(
      .smallCNN,
      card: ModelCard(
        architecture: .smallCNN, labels: labels, preprocessing: preprocessing,
        inputShape: FeatureShape(channels: 1, height: size, width: size)),
      seed: seed)
  }
}
