/// What can be wrong with patients before any pixel is looked at.
struct PeopleChecks {
  private let audit: Audit
  private var records: [ScanRecord] { audit.cohort.records }
  /// False where each scan's path stands in for its patient.
  private let areNamed: Bool

  init(_ audit: Audit) {
    self.audit = audit
    areNamed = audit.cohort.patientIdentity != .unknown && audit.cohort.patientIdentity != .everyScanItsOwn
  }

  var findings: [AuditFinding] {
    var found = [twoSplits].compactMap { $0 }
    if areNamed { found += variants }
    if audit.cohort.patientIdentity == .unknown { found.append(AuditFinding(.patientsNotStated, .warning, of: records)) }
    return found + known
  }

  private var twoSplits: AuditFinding? {
    var splits: [PatientID: Set<String>] = [:]
    for record in records { if let split = record.split { splits[record.patient, default: []].insert(NameVariants.plain(split)) } }
    let straddling = Set(splits.filter { $0.value.count > 1 }.keys)
    guard !straddling.isEmpty else { return nil }
    return AuditFinding(.patientInTwoSplits, .leak, of: records.filter { straddling.contains($0.patient) })
  }

  /// Names as declared; those that a `group` already joins are one patient.
  private var variants: [AuditFinding] {
    let patientOfName = Dictionary(records.map { ($0.declaredPatient.rawValue, $0.patient) }) { first, _ in first }
    func finding(_ kind: AuditFinding.Kind, _ severity: AuditFinding.Severity, _ groups: [[String]]) -> AuditFinding? {
      let apart = groups.map { Set($0.compactMap { patientOfName[$0] }).sorted() }.filter { $0.count > 1 }
      guard !apart.isEmpty else { return nil }
      let concerned = Set(apart.joined())
      let scans = records.filter { concerned.contains($0.patient) }
      return AuditFinding(
        kind, severity, scans: scans.map(\.id), patients: concerned.sorted(), groups: severity == .leak ? apart : [],
        numbers: [.init("groups", Double(apart.count))])
    }
    return [
      finding(.patientNameVariants, .leak, NameVariants.groups(patientOfName.keys)),
      finding(.patientLeadingZeros, .warning, NameVariants.leadingZeroGroups(patientOfName.keys)),
    ].compactMap { $0 }
  }

  /// Those who may be tested on: not the ones that the manifest itself puts into training.
  private var known: [AuditFinding] {
    var found: [AuditFinding] = []
    let testable = Set(records.filter { !["train", "training"].contains($0.split.map(NameVariants.plain)) }.map(\.declaredPatient))
    var shared = audit.pretrainedOn.intersection(testable)
    var isComparable = true
    if let expectations = audit.expectations {
      for hashes in expectations.fittedPatients {
        switch audit.pseudonyms.map({ hashes.overlap(with: testable, $0) }) ?? .unknown {
        case .patients(let both): shared.formUnion(both)
        case .unknown: isComparable = false
        }
      }
      if !isComparable || !expectations.knowsAllPatients {
        found.append(
          AuditFinding(
            .modelPatientsUnknown, .note, subject: isComparable ? nil : "another key",
            numbers: [.init("patients in its card", Double(expectations.fittedPatients.reduce(0) { $0 + $1.hashes.count }))]))
      }
    }
    if !shared.isEmpty {
      found.insert(AuditFinding(.patientsKnownToModel, .leak, of: records.filter { shared.contains($0.declaredPatient) }), at: 0)
    }
    return found
  }
}
