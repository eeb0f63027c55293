import Foundation
import Imaging

/// Labels that go with scanners or with how files are made, and names that are one name.
package struct LabelChecks {
  package let findings: [AuditFinding]
  package let associations: [AuditAssociation]

  /// Below this strength (Cramér's V) a connection beyond chance is a note: a classifier gains little from it.
  static let notableStrength = 0.1

  package init(_ records: [ScanRecord], _ facts: [ScanFacts], _ settings: AuditSettings) {
    // A third of the allowed false alarms each for scanners, for classes on one scanner, and for all file properties together.
    // Findings share it again: each is a task of its own.
    let findings = Set(records.flatMap(\.findings.keys)).sorted()
    let tasks = findings.isEmpty ? [LabelledPatients(records)] : findings.map { LabelledPatients(records, finding: $0) }
    let share = settings.falseAlarmRate / 3 / Double(tasks.count)
    var found = Self.variants(.labelNameVariants, records) { $0.labels }
    found += Self.variants(.scannerNameVariants, records) { [$0.scanner.rawValue] }
    var tested: [AuditAssociation] = []

    func test(
      _ labelled: LabelledPatients, _ name: String, _ levels: [PatientID: Set<String>], stratified: Bool, _ kind: AuditFinding.Kind,
      _ threshold: Double
    ) {
      let subject = labelled.subject(name)
      guard
        let association = labelled.association(
          with: levels, stratified: stratified, permutations: settings.permutations, seed: settings.seed, purpose: subject)
      else {
        return
      }
      tested.append(AuditAssociation(subject: subject, association, classes: labelled.classes))
      guard association.pValue <= threshold else { return }
      found.append(
        AuditFinding(
          kind, association.cramersV >= Self.notableStrength ? .warning : .note, subject: subject,
          patientCount: association.patients,
          numbers: [
            .init("Cramér's V", association.cramersV), .init("p", association.pValue), .init("draws", Double(association.draws)),
            .init("chi-squared", association.chiSquared),
          ] + (association.textbookPValue.map { [.init("exact or chi-squared p", $0)] } ?? [])))
    }

    let traits = FileTraits(facts)
    for labelled in tasks {
      test(labelled, "scanner", labelled.scanners, stratified: false, .labelGoesWithScanner, share)
      found += labelled.classesOnOneScanner(records, threshold: share)
      for trait in traits.varying {
        test(labelled, trait.name, trait.levels, stratified: true, .labelGoesWithFiles, share / Double(traits.varying.count))
      }
    }
    self.findings = found
    associations = tested
  }

  private static func variants(
    _ kind: AuditFinding.Kind, _ records: [ScanRecord], _ names: (ScanRecord) -> [String]
  ) -> [AuditFinding] {
    NameVariants.groups(records.flatMap(names)).map { group in
      AuditFinding(
        kind, .warning, subject: group.map { "'\($0)'" }.joined(separator: ", "),
        of: records.filter { names($0).contains(where: group.contains) })
    }
  }
}

/// A test of whether classes go with something, whatever it said.
public struct AuditAssociation: Hashable, Sendable, Codable {
  /// What classes were tested against: `scanner`, `file format`, `image size`, `constant border`; with `(finding 'NAME')` behind it where
  /// that finding was the class.
  public let subject: String
  public let patients: Int
  public let cramersV: Double
  /// By permutation of patients, within scanners for file properties.
  public let pValue: Double
  public let draws: Int
  /// Fisher's exact test (2×2) or chi-squared; absent where patients have several classes or levels, or strata.
  public let textbookPValue: Double?

  init(subject: String, _ association: PatientAssociation, classes: [String]) {
    self.subject = subject
    patients = association.patients
    cramersV = association.cramersV
    pValue = association.pValue
    draws = association.draws
    textbookPValue = association.textbookPValue
  }
}

/// How files differ in ways that have nothing to do with what they show, by patient.
struct FileTraits {
  let varying: [(name: String, levels: [PatientID: Set<String>])]

  init(_ facts: [ScanFacts]) {
    let areas = Set(facts.map { [$0.survey.width, $0.survey.height] })
    // Too many sizes to be levels: half octaves of the area.
    let isManySizes = areas.count > 12
    let traits: [(String, (SampleSurvey) -> String)] = [
      ("file format", \.format),
      (
        "image size",
        {
          isManySizes
            ? "\(Int((2 * log2(Double($0.width * $0.height))).rounded()))" : "\($0.width)x\($0.height)"
        }
      ),
      ("constant border", { $0.hasWideBorder ? "yes" : "no" }),
    ]
    varying = traits.compactMap { name, level in
      var levels: [PatientID: Set<String>] = [:]
      for fact in facts where !fact.survey.isBlank { levels[fact.record.patient, default: []].insert(level(fact.survey)) }
      return Set(levels.values.joined()).count > 1 ? (name, levels) : nil
    }
  }
}
