import Cohorts
import Foundation
import RandomStreams
import Testing

/// Expected values: SciPy 1.17.1, by tools/golden/audit.py.
@Suite("Tests of association")
struct AuditStatisticsTests {
  private static let tables: [(counts: [[Double]], chiSquared: Double, p: Double, cramersV: Double, fisher: Double?)] = [
    ([[12, 5], [3, 14]], 9.663157894736843, 0.0018800017694650532, 0.5331139899831832, 0.0048957925729217495),
    ([[30, 30], [30, 30]], 0, 1, 0, 1),
    ([[8, 2], [1, 5]], 6.112169312169312, 0.013425424881491248, 0.6180700462007377, 0.034965034965034975),
    ([[10, 20, 30], [12, 8, 5]], 10.56060606060606, 0.005090887865641553, 0.35248038845079627, nil),
    ([[3, 1, 0, 7], [2, 9, 4, 1], [5, 5, 6, 0]], 25.818323863636362, 0.00024067621924419406, 0.5479170267310719, nil),
    ([[1000, 900], [800, 1100]], 42.22222222222222, 8.146899643829171e-11, 0.10540925533894598, 9.719773836357687e-11),
  ]

  private func isClose(_ found: Double?, _ expected: Double, _ tolerance: Double = 1e-10) -> Bool {
    found.map { abs($0 - expected) <= tolerance * max(abs(expected), 1e-300) } ?? false
  }

  @Test("Chi-squared, its tail, Cramér's V and Fisher's test are SciPy's")
  func againstSciPy() throws {
    for table in Self.tables {
      let counts = table.counts
      #expect(abs(ContingencyTests.chiSquared(counts, expected: ContingencyTests.expected(counts)) - table.chiSquared) < 1e-10)
      let degrees = (counts.count - 1) * (counts[0].count - 1)
      #expect(isClose(ContingencyTests.chiSquaredTail(table.chiSquared, degreesOfFreedom: degrees), table.p))
      if let fisher = table.fisher {
        let n = counts.map { $0.map(Int.init) }
        #expect(isClose(ContingencyTests.fisher(n[0][0], n[0][1], n[1][0], n[1][1]), fisher, 1e-9))
      }
      let patients = counts.indices.flatMap { row in
        counts[row].indices.flatMap { column in
          (0..<Int(counts[row][column])).map { _ in PatientAssociation.Patient(classes: [row], levels: [column]) }
        }
      }
      let association = try #require(
        PatientAssociation(patients, classes: counts.count, levels: counts[0].count, permutations: 999, seed: 1, purpose: "test"))
      #expect(abs(association.cramersV - table.cramersV) < 1e-10)
      #expect(isClose(association.textbookPValue, table.fisher ?? table.p, 1e-9))
    }
    for (value, degrees, p) in [
      (0.1, 1, 0.7518296340458492), (30, 4, 4.894437128029217e-06), (250, 12, 1.3681670503533537e-46), (5, 9, 0.8343082601934075),
      (1e-3, 3, 0.9999915920809419), (900, 30, 6.105822512851014e-170),
    ] { #expect(isClose(ContingencyTests.chiSquaredTail(value, degreesOfFreedom: degrees), p), "\(value), \(degrees)") }
    #expect(isClose(ContingencyTests.chanceOfOneColumn(members: 5, columns: [20, 15, 5]), 0.028127317601001813))
  }

  @Test("The permutation p-value is the exact one within its Monte Carlo error")
  func exactPermutation() throws {
    let counts = [[4, 1, 0], [1, 3, 5]]
    let patients = (0..<2).flatMap { row in
      (0..<3).flatMap { column in (0..<counts[row][column]).map { _ in PatientAssociation.Patient(classes: [row], levels: [column]) } }
    }
    let association = try #require(PatientAssociation(patients, classes: 2, levels: 3, permutations: 20_000, seed: 5, purpose: "test"))
    // All arrangements enumerated.
    let exact = 0.025974025974025976
    #expect(abs(association.pValue - exact) < 4 * (exact * (1 - exact) / 20_000).squareRoot())
  }

  @Test("What goes with the label only because both go with the scanner is not blamed on the file")
  func stratified() throws {
    // Scanner 0 has mostly class 0 and level 0, scanner 1 the others; within a scanner they are independent.
    let counts = [(0, 0, 0, 40), (0, 1, 0, 10), (1, 0, 0, 8), (1, 1, 0, 2), (0, 0, 1, 2), (0, 1, 1, 8), (1, 0, 1, 10), (1, 1, 1, 40)]
    func test(isStratified: Bool) throws -> PatientAssociation {
      let patients = counts.flatMap { label, level, scanner, count in
        (0..<count).map { _ in
          PatientAssociation.Patient(classes: [label], levels: [level], stratum: isStratified ? scanner : 0)
        }
      }
      return try #require(PatientAssociation(patients, classes: 2, levels: 2, permutations: 999, seed: 1, purpose: "test"))
    }
    let within = try test(isStratified: true)
    #expect(within.pValue > 0.5 && within.textbookPValue == nil)
    let pooled = try test(isStratified: false)
    #expect(pooled.pValue <= 0.002)
  }

  /// Patients with one to three scans, some on two scanners, three classes, labels that know nothing of scanners.
  private func nullCohort(_ seed: UInt64) -> [ScanRecord] {
    var random = RandomStream(seed: seed, purpose: "null cohort")
    let scanners = ["A", "B", "C"]
    let rows = (0..<60).flatMap { patient -> [(patient: String, scanner: String, label: String?)] in
      let home = scanners[Int(random.next() % 3)]
      let label = ["x", "x", "y", "z"][Int(random.next() % 4)]
      return (0...(random.next() % 3)).map { _ in
        ("p\(patient)", random.uniform() < 0.15 ? scanners[Int(random.next() % 3)] : home, random.uniform() < 0.1 ? "y" : label)
      }
    }
    return scans(rows)
  }

  @Test("Of 2,000 cohorts whose labels know nothing of scanners, at most the stated share raises a warning")
  func falseAlarms() {
    let cohorts = 2000
    let settings = AuditSettings(falseAlarmRate: 0.03, permutations: 999)
    var alarms = 0
    var small = 0
    for seed in 0..<UInt64(cohorts) {
      let checks = LabelChecks(nullCohort(seed), [], settings)
      if checks.findings.contains(where: { $0.severity == .warning }) { alarms += 1 }
      if checks.associations[0].pValue <= 0.1 { small += 1 }
    }
    // The scanner test has a third of 3 %; p-values at most 0.1 come in at most a tenth, within four standard errors.
    #expect(Double(alarms) <= 0.03 * Double(cohorts))
    #expect(abs(Double(small) / Double(cohorts) - 0.1) < 4 * (0.09 / Double(cohorts)).squareRoot())
  }
}
