import Cohorts
import Files
import Foundation
import Imaging

/// A folder of its own for each test, removed afterwards.
func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let parent = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
  let folder = try UniqueRunFolder.create(in: parent, named: "scanadapt-test-\(UUID().uuidString)")
  defer { try? Folder.remove(folder) }
  return try body(folder)
}

/// A gray 8-bit PNG whose pixels depend on `value`.
func png(_ value: Int, width: Int = 8, height: Int = 8) -> [UInt8] {
  let samples = (0..<(width * height)).map { UInt16(($0 * 7 + value * 31) % 256) }
  return PNGWriter.encode(GrayImage(width: width, height: height, bitDepth: 8, samples: samples))
}

/// Writes the files (name to bytes) and the manifest's text; gives the manifest's path.
func writeCohort(in folder: String, manifest: String, files: [String]) throws -> String {
  for (index, name) in files.enumerated() {
    if let slash = name.lastIndex(of: "/") { try Folder.create(folder + "/" + name[..<slash]) }
    try AtomicFile.write(png(index), to: folder + "/" + name, durability: .buffered)
  }
  try AtomicFile.write(manifest, to: folder + "/manifest.csv", durability: .buffered)
  return folder + "/manifest.csv"
}

/// Scans without files, for what concerns rows only.
func scans(_ rows: [(patient: String, scanner: String, label: String?)]) -> [ScanRecord] {
  rows.enumerated().map { index, row in
    ScanRecord(
      patient: PatientID(row.patient), scanner: ScannerID(row.scanner), label: row.label, path: "scan\(index).png",
      absolutePath: "/none/scan\(index).png")
  }
}

func cohort(_ rows: [(patient: String, scanner: String, label: String?)]) -> Cohort {
  Cohort(records: scans(rows), patientIdentity: .declaredColumn("patient"))
}

/// The data sets that aren't part of the project; nil on machines without them.
func sharedData(_ path: String) -> String? {
  let root =
    ProcessInfo.processInfo.environment["SCANADAPT_SHARED"]
    ?? URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../shared").standardized.path
  let full = root + "/data/" + path
  return EntryKind(at: full) == .missing ? nil : full
}
