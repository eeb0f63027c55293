import RandomStreams

/// Whether classes go with something else (scanners, file formats) more than chance would have it, patients being what chance deals.
///
/// A patient has a set of classes and a set of levels, and counts once in each cell of their product, however many scans there are. Under
/// the null hypothesis patients of one stratum could have exchanged their sets of levels. Strata keep the number of levels, so the table's
/// margins and its expected counts stay the same in each draw, and whatever the caller stratifies by. The p-value (1 + draws that are as
/// far from expectation) / (1 + draws) is exact: under the null hypothesis it is at most p with a chance of at most p.
package struct PatientAssociation: Hashable, Sendable {
  /// Patients in each class (row) and level (column).
  package let table: [[Int]]
  package let patients: Int
  package let chiSquared: Double
  /// 0 to 1; of the unstratified table.
  package let cramersV: Double
  package let pValue: Double
  package let draws: Int
  /// Fisher's exact test or chi-squared's tail, which hold where each patient has one class and one level and nothing is stratified.
  package let textbookPValue: Double?

  package struct Patient: Sendable {
    /// Ascending, without doubles.
    package let classes: [Int]
    package let levels: [Int]
    let stratum: Int

    package init(classes: [Int], levels: [Int], stratum: Int = 0) {
      self.classes = classes
      self.levels = levels
      self.stratum = stratum
    }
  }

  /// nil where fewer than two classes or levels are there: nothing can go together.
  /// - Parameter permutations: the most draws; fewer, but 999 at least, where there are more than 3,000 patients.
  package init?(_ patients: [Patient], classes: Int, levels: Int, permutations: Int = 9999, seed: UInt64, purpose: String) {
    let patients = patients.filter { !$0.classes.isEmpty && !$0.levels.isEmpty }
    guard Set(patients.flatMap(\.classes)).count > 1, Set(patients.flatMap(\.levels)).count > 1 else { return nil }
    let strata = Dictionary(grouping: patients.indices) { [patients[$0].stratum, patients[$0].levels.count] }
      .sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)

    func counted(_ levelsOf: [Int]) -> [Double] {
      var cells = [Double](repeating: 0, count: classes * levels)
      for (index, patient) in patients.enumerated() {
        for label in patient.classes { for level in patients[levelsOf[index]].levels { cells[label * levels + level] += 1 } }
      }
      return cells
    }
    var expected = [Double](repeating: 0, count: classes * levels)
    for members in strata {
      var (ofClass, ofLevel) = ([Double](repeating: 0, count: classes), [Double](repeating: 0, count: levels))
      for member in members {
        for label in patients[member].classes { ofClass[label] += 1 }
        for level in patients[member].levels { ofLevel[level] += 1 }
      }
      for label in 0..<classes {
        for level in 0..<levels { expected[label * levels + level] += ofClass[label] * ofLevel[level] / Double(members.count) }
      }
    }
    func distance(_ cells: [Double]) -> Double { ContingencyTests.chiSquared([cells], expected: [expected]) }

    let own = counted(Array(patients.indices))
    let observed = distance(own)
    let draws = min(permutations, max(999, 30_000_000 / patients.count))
    var random = RandomStream(seed: seed, purpose: "audit " + purpose)
    var asFar = 0
    var levelsOf = Array(patients.indices)
    for _ in 0..<draws {
      for members in strata {
        for position in stride(from: members.count - 1, to: 0, by: -1) {
          levelsOf.swapAt(members[position], members[Int.random(in: 0...position, using: &random)])
        }
      }
      if distance(counted(levelsOf)) >= observed - 1e-9 * (1 + observed) { asFar += 1 }
    }

    let rows = (0..<classes).map { label in (0..<levels).map { own[label * levels + $0] } }
    let used = rows.filter { $0.contains { $0 > 0 } }
    let columns = (0..<levels).filter { level in used.contains { $0[level] > 0 } }
    let compact = used.map { row in columns.map { row[$0] } }
    let plain = ContingencyTests.chiSquared(compact, expected: ContingencyTests.expected(compact))
    let total = compact.joined().reduce(0, +)
    table = rows.map { $0.map(Int.init) }
    self.patients = patients.count
    chiSquared = plain
    cramersV = (plain / (total * Double(min(compact.count, columns.count) - 1))).squareRoot()
    pValue = Double(1 + asFar) / Double(1 + draws)
    self.draws = draws
    let isPlain = strata.count == 1 && patients.allSatisfy { $0.classes.count == 1 && $0.levels.count == 1 }
    if !isPlain {
      textbookPValue = nil
    } else if compact.count == 2, columns.count == 2 {
      textbookPValue = ContingencyTests.fisher(Int(compact[0][0]), Int(compact[0][1]), Int(compact[1][0]), Int(compact[1][1]))
    } else {
      textbookPValue = ContingencyTests.chiSquaredTail(plain, degreesOfFreedom: (compact.count - 1) * (columns.count - 1))
    }
  }
}
