import Cohorts
import Files
import Foundation
import Graphs
import Imaging
import ModelFiles
import Phantoms

/// Rendered scans of 1,024 px on disk, and a ResNet-18 with seeded weights that reads them: what the jobs on scans work on.
struct PhantomScans {
  let manifest: String
  let cohort: Cohort

  /// Renders them where the folder has no manifest yet: about half a second of one core per scan.
  init(folder: String, count: Int, pixels: Int) throws {
    manifest = "\(folder)/manifest.csv"
    if !FileManager.default.fileExists(atPath: manifest) {
      try PhantomCohort.render(
        PhantomSpecification(scanners: [.alpha], patientsPerScanner: (count + 1) / 2, scansPerPatient: 2, imageSize: pixels), to: folder)
    }
    cohort = try Cohort.load(manifest)
    guard cohort.count >= count else { throw PhantomScansError.tooFew(folder: folder, found: cohort.count, expected: count) }
  }

  /// The first `count` scans.
  func training(_ count: Int) -> TrainingScans {
    let chosen = Set(cohort.records.prefix(count).map(\.id))
    return cohort.filtered { chosen.contains($0.id) }.allForFitting(Ledger())
  }

  static func model(_ architecture: Architecture = .resnet18) throws -> Model {
    try Model.initialized(
      architecture,
      card: ModelCard(
        architecture: architecture, labels: ["benign", "lesion"], preprocessing: .imageNet(),
        inputShape: FeatureShape(channels: 3, height: 224, width: 224)), seed: 0)
  }
}

/// A folder of scans that doesn't serve.
enum PhantomScansError: Error, CustomStringConvertible {
  case tooFew(folder: String, found: Int, expected: Int)

  var description: String {
    switch self {
    case .tooFew(let folder, let found, let expected): "\(folder): found \(found) scans; expected \(expected) or more (or an empty folder)"
    }
  }
}
