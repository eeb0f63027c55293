import Cohorts
import Files
import Foundation
import Imaging
import Phantoms

/// A rendered cohort in memory, one scan a patient, in which defects are planted before it is written and audited.
struct AuditPhantoms {
  struct Scan {
    var path: String
    var patient: String
    var scanner: String
    var label: String
    var split = ""
    var image: GrayImage
    /// What to write instead of the image.
    var bytes: [UInt8]?
  }

  var scans: [Scan]
  /// Further files, without rows.
  var strays: [String] = []

  init(patientsPerScanner: Int = 12, size: Int = 64, seed: UInt64 = 1) throws {
    let cohort = try PhantomCohort(
      PhantomSpecification(patientsPerScanner: patientsPerScanner, scansPerPatient: 1, imageSize: size, seed: seed))
    scans = cohort.scans.map {
      Scan(
        path: $0.path, patient: $0.patient.id, scanner: $0.patient.scanner.name, label: $0.patient.label.rawValue,
        image: cohort.image(of: $0))
    }
  }

  /// Another patient's scan that shows this one's picture, on the same scanner and with the same label.
  mutating func plant(_ image: GrayImage, of scan: Int, bytes: [UInt8]? = nil) {
    var copy = scans[scan]
    (copy.path, copy.patient, copy.image, copy.bytes) = ("copy-\(scans.count).png", "someone-\(scans.count)", image, bytes)
    scans.append(copy)
  }

  func audit(
    for expectations: AuditExpectations? = nil, pseudonyms: Pseudonyms? = nil, pretrainedOn: Set<PatientID> = [], threads: Int = 2
  ) throws -> AuditResult {
    try withTemporaryFolder { folder in
      let cohort = try cohort(in: folder)
      return Audit(
        cohort, settings: AuditSettings(threads: threads, permutations: 1999), for: expectations, pseudonyms: pseudonyms,
        pretrainedOn: pretrainedOn
      ).run()
    }
  }

  func cohort(in folder: String) throws -> Cohort {
    var manifest = "path,patient,scanner,label,split\n"
    for name in ["alpha", "beta"] { try Folder.create("\(folder)/\(name)") }
    for scan in scans {
      manifest += "\(scan.path),\(scan.patient),\(scan.scanner),\(scan.label),\(scan.split)\n"
      try AtomicFile.write(scan.bytes ?? PNGWriter.encode(scan.image), to: "\(folder)/\(scan.path)", durability: .buffered)
    }
    for stray in strays { try AtomicFile.write(png(1), to: "\(folder)/\(stray)", durability: .buffered) }
    try AtomicFile.write(manifest, to: "\(folder)/manifest.csv", durability: .buffered)
    return try Cohort.load("\(folder)/manifest.csv")
  }
}

extension AuditResult {
  func finding(_ kind: AuditFinding.Kind) -> AuditFinding? { findings.first { $0.kind == kind } }

  /// Everything but notes.
  var alarms: [AuditFinding.Kind] { findings.filter { $0.severity < .note }.map(\.kind) }
}

extension GrayImage {
  /// Each pixel from where `source` says; nil is 0.
  func rearranged(_ source: (Int, Int) -> (x: Int, y: Int)?) -> GrayImage {
    GrayImage(
      width: width, height: height, bitDepth: bitDepth,
      samples: (0..<(width * height)).map { index in
        source(index % width, index / width).flatMap {
          (0..<width).contains($0.x) && (0..<height).contains($0.y) ? self[$0.x, $0.y] : nil
        } ?? 0
      })
  }

  /// Shares of the full scale, mapped.
  func mapped(to depth: Int? = nil, _ map: (Double) -> Double) -> GrayImage {
    let depth = depth ?? bitDepth
    let full = Double((1 << depth) - 1)
    return GrayImage(
      width: width, height: height, bitDepth: depth,
      samples: samples.map { UInt16((min(max(map(Double($0) / Double(fullScale)), 0), 1) * full).rounded()) })
  }

  var inverted: GrayImage { mapped { 1 - $0 } }
  var flippedAcross: GrayImage { rearranged { (width - 1 - $0, $1) } }
  var flippedDown: GrayImage { rearranged { ($0, height - 1 - $1) } }
  func shifted(_ dx: Int, _ dy: Int) -> GrayImage { rearranged { ($0 - dx, $1 - dy) } }
}
