import Imaging

/// Whether scans and labels are what a model expects.
struct ModelChecks {
  let findings: [AuditFinding]

  /// Scans that use less of the model's input range than this are nearly flat to it: 12 bits in a 16-bit file use a sixteenth.
  static let leastRange = 0.1

  init(_ expectations: AuditExpectations, _ cohort: Cohort, _ facts: [ScanFacts]) {
    var found: [AuditFinding] = []
    let known = Set(expectations.labels)
    let used = Set(cohort.labels)
    let foreign = used.subtracting(known).sorted()
    let numbered = expectations.labels.enumerated().allSatisfy { $1 == "class-\($0)" }
    if !foreign.isEmpty, !numbered {
      found.append(
        AuditFinding(
          .labelsUnknownToModel, .warning, subject: foreign.prefix(10).map { "'\($0)'" }.joined(separator: ", "),
          of: cohort.records.filter { $0.labels.contains(where: foreign.contains) }, numbers: [.init("labels", Double(foreign.count))]))
    }
    let idle = expectations.labels.filter { !used.contains($0) }
    if !idle.isEmpty, !used.isEmpty, !numbered {
      found.append(
        AuditFinding(
          .modelClassesWithoutScans, .note, subject: idle.prefix(10).map { "'\($0)'" }.joined(separator: ", "),
          numbers: [.init("classes", Double(idle.count))]))
    }
    let refused = Dictionary(grouping: facts.filter { $0.refusal != nil }) { Self.kind(of: $0.refusal!) }
    for (reason, scans) in refused.sorted(by: { $0.key < $1.key }) {
      found.append(AuditFinding(.refusedByModel, .warning, subject: reason, of: scans.map(\.record)))
    }
    let odd = facts.filter { fact in
      fact.modelRange.map { !fact.survey.isBlank && ($0.used < Self.leastRange || $0.outside > 0.5) } ?? false
    }
    if !odd.isEmpty {
      found.append(
        AuditFinding(
          .outsideModelRange, .warning, of: odd.map(\.record),
          numbers: [
            .init("least share of its range", odd.compactMap(\.modelRange?.used).min()!),
            .init("most pixels outside", odd.compactMap(\.modelRange?.outside).max()!),
          ]))
    }
    findings = found
  }

  /// What is wrong, without the one scan's values, so that alike ones are one finding.
  private static func kind(of refusal: PixelError) -> String {
    switch refusal {
    case .color, .transparency: refusal.description
    case .paletteIndexOutOfRange: "a pixel has a palette index without an entry"
    case .constantImage(_, let scaling): "every sample has the same value; scale=\(scaling) needs a scan with some spread"
    }
  }
}
