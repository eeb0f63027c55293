import Cohorts
import Foundation
import Imaging
import Phantoms
import Testing

@Suite("Rendering phantoms to a folder")
struct PhantomRenderingTests {
  /// What `Fixtures/phantom` was rendered with.
  static let fixture = PhantomSpecification(patientsPerScanner: 6, scansPerPatient: 2, imageSize: 48, seed: 7, manifestPerScanner: true)
  static let fixtureFolder = URL(fileURLWithPath: #filePath).appending(path: "../../../Fixtures/phantom").standardizedFileURL

  private func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "phantoms-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  @Test("The fixture is what this code renders: the same manifests, every sample within one 8-bit level")
  func fixtureMatches() throws {
    let cohort = try PhantomCohort(Self.fixture)
    for scan in cohort.scans {
      let stored = try PNGReader.decode(contentsOf: Self.fixtureFolder.appending(path: scan.path).path)
      let rendered = cohort.image(of: scan)
      let level = rendered.bitDepth == 16 ? 257 : 1
      #expect(stored.bitDepth == rendered.bitDepth)
      // Not bit for bit: sine and exponential belong to the machine's C library.
      #expect(zip(stored.samples, rendered.samples).allSatisfy { abs(Int($0) - Int($1)) <= level }, "\(scan.path)")
    }
    let manifest = try String(contentsOf: Self.fixtureFolder.appending(path: "manifest.csv"), encoding: .utf8)
    #expect(manifest.split(separator: "\n").count == 25)
  }

  @Test("A rendered folder loads as a cohort with its patients, scanners and labels, and each scanner's folder as its own")
  func loads() throws {
    try withFolder { folder in
      let manifest = try PhantomCohort.render(Self.fixture, to: folder.path)
      let cohort = try Manifest.load(manifest)
      #expect(cohort.records.count == 24 && cohort.patients.count == 12 && cohort.scanners.count == 2 && cohort.unavailable.isEmpty)
      #expect(cohort.records.count { $0.label == "lesion" } == 12)
      #expect(try Manifest.load(folder.appending(path: "beta/manifest.csv").path).records.count == 12)
    }
  }

  @Test("A folder that holds a cohort is never overwritten")
  func refusesToOverwrite() throws {
    try withFolder { folder in
      let small = PhantomSpecification(scanners: [.alpha], patientsPerScanner: 1, scansPerPatient: 1, imageSize: 16)
      try PhantomCohort.render(small, to: folder.path)
      #expect(throws: PhantomError.cohortExists(manifest: "\(folder.path)/manifest.csv")) {
        try PhantomCohort.render(Self.fixture, to: folder.path)
      }
    }
  }

  @Test("A folder that cannot be made is an error naming it")
  func unwritable() {
    #expect(throws: PhantomError.self) { try PhantomCohort.render(Self.fixture, to: "/proc/phantom") }
  }
}
