import Cohorts
import Engine
import Files
import Foundation
import Graphs
import Imaging
import ModelFiles
import Normalization
import Tensors

extension GoldenNetwork {
  /// A model of a built-in architecture small enough for tests, with statistics that no data has.
  static func model(seed: UInt64 = 1, preprocessing: Preprocessing = Preprocessing()) throws -> Model {
    let card = ModelCard(
      architecture: .smallCNN, labels: ["a", "b"], preprocessing: preprocessing,
      inputShape: FeatureShape(channels: 1, height: 16, width: 16),
      fittedPatients: .none)
    return try Model.initialized(.smallCNN, card: card, seed: seed)
  }
}

/// Scans whose files hold only their own name, and whose images are made from it: enough for content hashes and statistics.
struct MadeUpScans {
  let folder: URL
  let cohort: Cohort
  let images: ScanImages

  /// - Parameter scanners: each scanner's patients, scans a patient, gain and offset.
  init(_ scanners: [(name: String, patients: Int, scans: Int, gain: Float, offset: Float)], unreadable: Set<String> = []) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "scanadapt-normalization-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    self.folder = folder
    var records: [ScanRecord] = []
    for scanner in scanners {
      for patient in 0..<scanner.patients {
        for scan in 0..<scanner.scans {
          let path = "\(scanner.name)-\(patient)-\(scan).png"
          let absolute = folder.appending(path: path).path
          try AtomicFile.write(path, to: absolute, durability: .buffered)
          records.append(
            ScanRecord(
              patient: PatientID("\(scanner.name)-\(patient)"), scanner: ScannerID(scanner.name), path: path, absolutePath: absolute))
        }
      }
    }
    cohort = Cohort(records: records, patientIdentity: .declaredColumn("patient"))
    let response = Dictionary(uniqueKeysWithValues: scanners.map { (ScannerID($0.name), (gain: $0.gain, offset: $0.offset)) })
    images = ScanImages { asked in
      let readable = asked.filter { !unreadable.contains($0.path) }
      return ScanImages.Batch(
        records: readable,
        images: readable.map { record in
          let (gain, offset) = response[record.scanner]!
          return Tensor(shape: [1, 16, 16], values: Self.pixels(of: record.path).map { $0 * gain + offset })
        },
        failures: asked.filter { unreadable.contains($0.path) }.map { ScanFailure(path: $0.path, reason: "made unreadable") })
    }
  }

  func maps(_ records: [ScanRecord]) throws -> FeatureMaps {
    let images = try images.load(records).images
    return FeatureMaps(Tensor(shape: [images.count, 1, 16, 16], values: images.flatMap(\.values)))
  }

  private static func pixels(of name: String) -> [Float] {
    let bytes = ContentHash(of: name).bytes
    return (0..<256).map { Float(sin(Double($0) * (1 + Double(bytes[$0 % 32])) / 97)) + Float(bytes[31]) / 256 }
  }

  func remove() { try? FileManager.default.removeItem(at: folder) }
}
