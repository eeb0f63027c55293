import Files

/// A file of patients' names: a CSV with a `patient` column, or one name a line.
public enum PatientList {
  public static func load(_ file: String) throws(ManifestError) -> Set<PatientID> {
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try FileContents.read(file, limitBytes: Manifest.limitBytes)
    } catch {
      throw ManifestError(file: file, reason: .file(error))
    }
    let table = try CSVTable(bytes, file: file)
    let names: [String]
    if let column = table.header.firstIndex(of: "patient") {
      names = table.rows.map { $0.cells[column] }
    } else if table.header.count == 1 {
      names = table.header + table.rows.map { $0.cells[0] }
    } else {
      throw ManifestError(file: file, line: table.headerLine, reason: .missingColumn("patient", for: .patient, available: table.header))
    }
    let patients = Set(names.filter { !$0.isEmpty }.map { PatientID($0) })
    guard !patients.isEmpty else { throw ManifestError(file: file, reason: .noRows) }
    return patients
  }
}
