import Files

/// `groups.csv`: the manifest again, with a `group` column for patients that may be one, which every command that reads a manifest obeys.
/// Groups that the manifest had stay, alone or within larger ones. It names patients as the manifest does.
public enum GroupTable {
  /// - Parameter absolute: paths from the root of the file system, for scans from several folders.
  public static func csv(_ cohort: Cohort, groups: [[PatientID]], absolute: Bool) -> String {
    var groupOf: [PatientID: Int] = [:]
    for (number, group) in groups.enumerated() { for patient in group { groupOf[patient] = number + 1 } }
    let extras = cohort.records.reduce(into: [String]()) { names, record in
      for name in record.extra.keys where !names.contains(name) { names.append(name) }
    }
    let findings = Set(cohort.records.flatMap(\.findings.keys)).sorted()
    var text = csvLine(["path", "patient", "scanner", "label", "split", "site", "date"] + findings + extras + ["group"])
    for record in cohort.records {
      let group = groupOf[record.patient].map { "audit-\($0)" } ?? record.group ?? ""
      let cells = [
        absolute ? record.absolutePath : record.path, cohort.patientIdentity == .unknown ? "" : record.declaredPatient.rawValue,
        record.scanner.rawValue, record.label ?? "",
        record.split ?? "", record.site ?? "", record.date ?? "",
      ]
      // As --label-columns reads them.
      let found = findings.map { name in record.findings[name].map { $0 ? "1" : "0" } ?? "" }
      text += csvLine(cells + found + extras.map { record.extra[$0] ?? "" } + [group])
    }
    return text
  }
}
