import SwiftCSV

/// A CSV file with a header: SwiftCSV reads the cells, `CSVStructure` vouches for them and knows their lines.
struct CSVTable {
  struct Row {
    let line: Int
    let cells: [String]
  }

  enum Delimiter: String, CaseIterable {
    case comma, semicolon, tab

    var byte: UInt8 {
      switch self {
      case .comma: UInt8(ascii: ",")
      case .semicolon: UInt8(ascii: ";")
      case .tab: 9
      }
    }

    var forParser: CSVDelimiter {
      switch self {
      case .comma: .comma
      case .semicolon: .semicolon
      case .tab: .tab
      }
    }
  }

  let delimiter: Delimiter
  let hadByteOrderMark: Bool
  let header: [String]
  let headerLine: Int
  /// Without blank lines. Each has as many cells as the header; white space around cells is gone.
  let rows: [Row]

  init(_ bytes: [UInt8], file: String) throws(ManifestError) {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    hadByteOrderMark = bytes.starts(with: mark)
    let body = bytes.dropFirst(hadByteOrderMark ? mark.count : 0)
    let found = Self.delimiter(of: body)
    delimiter = found

    guard let text = String(validating: body, as: UTF8.self) else {
      throw ManifestError(file: file, line: Self.firstLineNotUTF8(body), reason: .invalidUTF8)
    }
    let structure: CSVStructure
    do throws(CSVStructure.Problem) {
      structure = try CSVStructure(of: body, delimiter: found.byte)
    } catch {
      throw ManifestError(file: file, line: error.line, reason: error.reason)
    }
    let parsed = try Self.cells(of: text, delimiter: found, structure: structure, file: file)
    let filled = zip(structure.rows, parsed).filter { !$0.0.isBlank }.map { Row(line: $0.line, cells: $1.map(trimmed)) }
    guard let first = filled.first else { throw ManifestError(file: file, reason: .empty) }
    header = first.cells
    headerLine = first.line
    rows = Array(filled.dropFirst())

    if let column = header.firstIndex(of: "") {
      throw ManifestError(file: file, line: headerLine, reason: .emptyColumnName(column: column + 1))
    }
    var seen: Set<String> = []
    for name in header where !seen.insert(name).inserted {
      throw ManifestError(file: file, line: headerLine, reason: .duplicateColumn(name))
    }
    for row in rows where row.cells.count != header.count {
      throw ManifestError(file: file, line: row.line, reason: .fieldCount(found: row.cells.count, expected: header.count))
    }
  }

  /// SwiftCSV fills short rows up, drops a last empty cell without a line end, and takes a delimiter with a combining character for
  /// text; so it is given a last line end, asked row by row, and its count of cells is compared.
  private static func cells(
    of text: String, delimiter: Delimiter, structure: CSVStructure, file: String
  ) throws(ManifestError) -> [[String]] {
    guard let lastRow = structure.rows.last else { return [] }
    var cells: [[String]] = []
    cells.reserveCapacity(structure.rows.count)
    do {
      let isClosed = text.utf8.last == 10 || text.utf8.last == 13
      let csv = try EnumeratedCSV(string: isClosed ? text : text + "\n", delimiter: delimiter.forParser, loadColumns: false, rowLimit: 1)
      try csv.enumerateAsArray(startAt: 0, rowLimit: nil) { cells.append($0) }
    } catch {
      throw ManifestError(file: file, line: structure.rows[min(cells.count, structure.rows.count - 1)].line, reason: .unreadableRow)
    }
    for (row, found) in zip(structure.rows, cells) where row.cells != found.count {
      throw ManifestError(file: file, line: row.line, reason: .unreadableRow)
    }
    guard cells.count >= structure.rows.count else { throw ManifestError(file: file, line: lastRow.line, reason: .unreadableRow) }
    return cells
  }

  /// The delimiter met most often outside quotes on the first line; a comma if none is met.
  private static func delimiter(of body: some Collection<UInt8>) -> Delimiter {
    var counts: [UInt8: Int] = [:]
    var isQuoted = false
    for byte in body {
      if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
      if !isQuoted, byte == 10 || byte == 13 { break }
      if !isQuoted { counts[byte, default: 0] += 1 }
    }
    return Delimiter.allCases.reduce(.comma) { counts[$1.byte, default: 0] > counts[$0.byte, default: 0] ? $1 : $0 }
  }

  private static func firstLineNotUTF8(_ body: ArraySlice<UInt8>) -> Int {
    for (index, line) in body.split(separator: 10, omittingEmptySubsequences: false).enumerated()
    where String(validating: line, as: UTF8.self) == nil {
      return index + 1
    }
    return 1
  }
}

/// Without white space at either end: " P1" and "P1" are one patient.
func trimmed(_ text: String) -> String {
  guard let first = text.first, let last = text.last, first.isWhitespace || last.isWhitespace else { return text }
  let head = text.drop(while: \.isWhitespace)
  return String(head[..<(head.lastIndex { !$0.isWhitespace }.map { head.index(after: $0) } ?? head.startIndex)])
}
