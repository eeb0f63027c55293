import Dispatch
import Files
import Imaging
import Synchronization

extension PhantomCohort {
  /// Renders `SCANNER/PATIENT_NUMBER.png` and `manifest.csv` (`path,patient,scanner,label`) into a folder. The manifest comes last: a
  /// folder with one is complete.
  ///
  /// - Returns: the manifest's path.
  @discardableResult
  public static func render(_ specification: PhantomSpecification, to folder: String) throws(PhantomError) -> String {
    let cohort = try PhantomCohort(specification)
    let manifest = "\(folder)/manifest.csv"
    let exists: Bool
    do throws(FileError) {
      try Folder.create(folder)
      exists = try Folder.names(in: folder).contains("manifest.csv")
    } catch {
      throw .file(error)
    }
    if exists { throw .cohortExists(manifest: manifest) }
    do throws(FileError) {
      for scanner in specification.scanners { try Folder.create("\(folder)/\(scanner.name)") }
      try cohort.writeImages(to: folder)
      if specification.manifestPerScanner {
        for scanner in specification.scanners {
          let scans = cohort.scans.filter { $0.patient.scanner.name == scanner.name }
          try AtomicFile.write(table(scans) { $0.fileName }, to: "\(folder)/\(scanner.name)/manifest.csv")
        }
      }
      try AtomicFile.write(table(cohort.scans) { $0.path }, to: manifest)
    } catch {
      throw .file(error)
    }
    return manifest
  }

  private static func table(_ scans: [Scan], path: (Scan) -> String) -> String {
    // Ids, names and labels are plain ASCII words, so nothing needs quoting.
    scans.reduce(into: "path,patient,scanner,label\n") { text, scan in
      text += "\(path(scan)),\(scan.patient.id),\(scan.patient.scanner.name),\(scan.patient.label.rawValue)\n"
    }
  }

  /// Each image is a function of its scan alone, so the order of work doesn't show.
  private func writeImages(to folder: String) throws(FileError) {
    let scans = scans
    let failure = Mutex<FileError?>(nil)
    DispatchQueue.concurrentPerform(iterations: scans.count) { index in
      guard failure.withLock({ $0 == nil }) else { return }
      do throws(FileError) {
        try AtomicFile.write(PNGWriter.encode(image(of: scans[index])), to: "\(folder)/\(scans[index].path)", durability: .buffered)
      } catch {
        failure.withLock { $0 = error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }
}
