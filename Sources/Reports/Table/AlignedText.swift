/// Text of fixed width, as terminals show it.
enum AlignedText {
  /// Cells under their columns' names, a rule between; every row has as many cells as there are columns.
  static func table(_ columns: [String], _ rows: [[String]]) -> [String] {
    let widths = columns.indices.map { column in max(columns[column].count, rows.map { $0[column].count }.max() ?? 0) }
    let made = ([columns] + rows).map { line($0, widths) }
    return [made[0], rule(widths)] + made.dropFirst()
  }

  static func line(_ cells: [String], _ widths: [Int]) -> String {
    var line = zip(cells, widths).map { $0.padded(to: $1) }.joined(separator: "  ")
    while line.last == " " { line.removeLast() }
    return line
  }

  static func rule(_ widths: [Int]) -> String { widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ") }
}

extension String {
  func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }

  /// Broken between words; a longer word gets a line of its own.
  func wrapped(width: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in split(separator: " ", omittingEmptySubsequences: false) {
      if !line.isEmpty, line.count + 1 + word.count > width {
        lines.append(line)
        line = String(word)
      } else {
        line += (line.isEmpty ? "" : " ") + word
      }
    }
    return lines + [line]
  }
}
