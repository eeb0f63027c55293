/// A division that no stratum can be divided more evenly: of every row, every column, every cell and the whole, each part has the floor
/// or the ceiling of its share.
///
/// Rows are patients of one class, columns those of one scanner. Rows, cells and the whole are nested, and so are columns, cells and the
/// whole, which is why such a division always exists (de Werra, "Equitable colorations of graphs", 1971; hypergraphs with a totally
/// unimodular matrix). Two parts at a time: their patients are paired within cells, what is left over is paired once within rows and
/// once within columns, and lastly across; the two pairings form paths and even cycles, along which the parts alternate. Each time the
/// sum of squared counts falls, so it ends.
struct EquitableParts {
  private let rows: [Int]
  private let columns: [Int]
  private let parts: Int
  private(set) var partOfMember: [Int]

  /// - Parameters:
  ///   - partOfMember: a division to start from; it stays where it is even already.
  ///   - rows: each member's row, from 0; `columns` likewise.
  init(evening partOfMember: [Int], parts: Int, rows: [Int], columns: [Int]) {
    self.partOfMember = partOfMember
    self.parts = parts
    self.rows = rows
    self.columns = columns
    var isSettled = false
    while !isSettled {
      isSettled = true
      for first in 0..<parts {
        for second in (first + 1)..<max(parts, first + 1) where isUneven(first, second) {
          divideAgain(first, second)
          isSettled = false
        }
      }
    }
  }

  private struct Cell: Hashable {
    let row: Int
    let column: Int
  }

  private func members(_ first: Int, _ second: Int) -> [Int] {
    partOfMember.indices.filter { partOfMember[$0] == first || partOfMember[$0] == second }
  }

  private func isUneven(_ first: Int, _ second: Int) -> Bool {
    var whole = 0
    var ofRow: [Int: Int] = [:]
    var ofColumn: [Int: Int] = [:]
    var ofCell: [Cell: Int] = [:]
    for member in members(first, second) {
      let sign = partOfMember[member] == first ? 1 : -1
      whole += sign
      ofRow[rows[member], default: 0] += sign
      ofColumn[columns[member], default: 0] += sign
      ofCell[Cell(row: rows[member], column: columns[member]), default: 0] += sign
    }
    func exceeds(_ counts: some Sequence<Int>) -> Bool { counts.contains { abs($0) > 1 } }
    return abs(whole) > 1 || exceeds(ofRow.values) || exceeds(ofColumn.values) || exceeds(ofCell.values)
  }

  private mutating func divideAgain(_ first: Int, _ second: Int) {
    var single: [Cell: Int] = [:]
    for member in members(first, second) {
      let cell = Cell(row: rows[member], column: columns[member])
      guard let partner = single.removeValue(forKey: cell) else {
        single[cell] = member
        continue
      }
      // Alike in both directions, so the pair is a component of its own.
      partOfMember[member] = partOfMember[partner] == first ? second : first
    }
    let left = single.values.sorted()
    let byRow = Self.partners(left) { rows[$0] }
    let byColumn = Self.partners(left) { columns[$0] }
    var isDone: Set<Int> = []
    // Ends of paths first, then what remains are cycles.
    let starts = left.filter { byRow[$0] == nil || byColumn[$0] == nil } + left
    for start in starts where !isDone.contains(start) {
      var member = start
      var part = partOfMember[start]
      var followsRow = byRow[start] != nil
      isDone.insert(start)
      while let next = followsRow ? byRow[member] : byColumn[member], isDone.insert(next).inserted {
        part = part == first ? second : first
        partOfMember[next] = part
        member = next
        followsRow.toggle()
      }
    }
  }

  /// Pairs within each line, then what is left over across lines; at most one member stays alone.
  private static func partners(_ members: [Int], line: (Int) -> Int) -> [Int: Int] {
    var partner: [Int: Int] = [:]
    func pair(_ one: Int, _ other: Int) { (partner[one], partner[other]) = (other, one) }
    var alone: [Int: Int] = [:]
    for member in members {
      if let waiting = alone.removeValue(forKey: line(member)) { pair(waiting, member) } else { alone[line(member)] = member }
    }
    let rest = alone.values.sorted()
    for index in stride(from: 0, to: rest.count - 1, by: 2) { pair(rest[index], rest[index + 1]) }
    return partner
  }
}
