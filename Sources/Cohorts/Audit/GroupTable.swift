import Files

/// `groups.csv`: the manifest again, with a `group` column for patients that may be one. It names patients as the manifest does.
public enum GroupTable {
  /// - Parameter absolute: paths from the root of the file system, for scans from several folders.
  public static func csv(_ cohort: Cohort, groups: [[PatientID]], absolute: Bool) -> String {
    var groupOf: [PatientID: Int] = [:]
    for (number, group) in groups.enumerated() { for patient in group { groupOf[patient] = number + 1 } }
    let extras = cohort.records.reduce(into: [String]()) { names, record in
      for name in record.extra.keys where !names.contains(name) && name != "group" { names.append(name) }
    }
    var text = csvRow(["path", "patient", "scanner", "label", "split"] + extras + ["group"])
    for record in cohort.records {
      text += csvRow(
        [
          absolute ? record.absolutePath : record.path, record.patient.rawValue, record.scanner.rawValue, record.label ?? "",
          record.split ?? "",
        ] + extras.map { record.extra[$0] ?? "" } + [groupOf[record.patient].map { "group-\($0)" } ?? ""])
    }
    return text
  }

  private static func csvRow(_ cells: [String]) -> String { cells.map(csvCell).joined(separator: ",") + "\n" }
}
