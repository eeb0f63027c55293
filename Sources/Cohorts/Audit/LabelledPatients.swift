/// Patients with their classes and scanners: what connections are tested on.
struct LabelledPatients {
  let classes: [String]
  let scanners: [PatientID: Set<String>]
  /// The finding that is the class here; nil where each scan has one class.
  let finding: String?
  private let labels: [PatientID: Set<String>]

  init(_ records: [ScanRecord], finding: String? = nil) {
    self.finding = finding
    var (labels, scanners): ([PatientID: Set<String>], [PatientID: Set<String>]) = ([:], [:])
    for record in records {
      guard let label = Self.label(record, finding) else { continue }
      labels[record.patient, default: []].insert(label)
      scanners[record.patient, default: []].insert(record.scanner.rawValue)
    }
    self.labels = labels
    self.scanners = scanners
    classes = Set(labels.values.joined()).sorted()
  }

  /// - Parameter stratified: whether levels are exchanged only between patients of the same scanners.
  func association(with levels: [PatientID: Set<String>], stratified: Bool, permutations: Int, seed: UInt64, purpose: String)
    -> PatientAssociation?
  {
    let numberOfClass = numbers(classes)
    let levelNames = Set(levels.values.joined()).sorted()
    let numberOfLevel = numbers(levelNames)
    let strata = numbers(Set(scanners.values.map(Self.profile)).sorted())
    let patients = labels.keys.sorted().map { patient in
      PatientAssociation.Patient(
        classes: labels[patient]!.map { numberOfClass[$0]! }.sorted(),
        levels: (levels[patient] ?? []).map { numberOfLevel[$0]! }.sorted(),
        stratum: stratified ? strata[Self.profile(scanners[patient]!)]! : 0)
    }
    return PatientAssociation(
      patients, classes: classes.count, levels: levelNames.count, permutations: permutations, seed: seed, purpose: purpose)
  }

  /// Classes whose patients were all seen on one and the same scanner, although there are others. A warning where dealing scanners at random
  /// would hardly do that, else a note: few patients happen to be on one scanner.
  func classesOnOneScanner(_ records: [ScanRecord], threshold: Double) -> [AuditFinding] {
    let names = Set(scanners.values.joined())
    guard names.count > 1, classes.count > 1 else { return [] }
    return classes.compactMap { label in
      let members = labels.filter { $0.value.contains(label) }.keys
      let seen = members.reduce(into: Set<String>()) { $0.formUnion(scanners[$1]!) }
      guard seen.count == 1, let scanner = seen.first else { return nil }
      let single = scanners.values.filter { $0.count == 1 }
      let columns = names.map { name in single.count { $0.contains(name) } }
      let chance = ContingencyTests.chanceOfOneColumn(members: members.count, columns: columns)
      return AuditFinding(
        .classOnOneScanner, chance * Double(classes.count) <= threshold ? .warning : .note,
        subject: (finding.map { "finding '\($0)' \(label)" } ?? "class '\(label)'") + " on '\(scanner)'",
        of: records.filter { Self.label($0, finding) == label }, numbers: [.init("p", chance)])
    }
  }

  /// What is tested against, as findings and associations name it.
  func subject(_ name: String) -> String { finding.map { "\(name) (finding '\($0)')" } ?? name }

  /// A finding is there or not; where nobody looked, the scan takes no part.
  private static func label(_ record: ScanRecord, _ finding: String?) -> String? {
    guard let finding else { return record.label }
    return record.findings[finding].map { $0 ? "present" : "absent" }
  }

  private static func profile(_ scanners: Set<String>) -> String { scanners.sorted().joined(separator: "\u{1F}") }

  private func numbers(_ names: [String]) -> [String: Int] {
    Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
  }
}
