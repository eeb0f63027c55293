/// Where the rows of a CSV file begin and how many cells each has, found byte by byte; refuses what a lenient parser would repair.
///
/// RFC 4180 with any of LF, CRLF and CR, spaces allowed around quoted cells. Knows nothing of what the cells say.
struct CSVStructure {
  struct Row: Hashable {
    /// From 1; a quoted cell may run over several lines.
    let line: Int
    let cells: Int
    let isBlank: Bool
  }

  struct Problem: Error {
    let line: Int
    let reason: ManifestError.Reason
  }

  static let rowLimitBytes = 1 << 20

  let rows: [Row]

  private enum State { case cellStart, unquoted, quoted, quoteInQuoted, afterQuoted }

  init(of bytes: some Collection<UInt8>, delimiter: UInt8) throws(Problem) {
    let quote = UInt8(ascii: "\"")
    let space = UInt8(ascii: " ")
    let newline: UInt8 = 10
    let carriageReturn: UInt8 = 13
    var rows: [Row] = []
    var state = State.cellStart
    var line = 1
    var rowLine = 1
    var quoteLine = 1
    var cells = 1
    var length = 0
    var isBlank = true
    var previous: UInt8 = 0
    var earlier: UInt8 = 0

    func fail(_ reason: ManifestError.Reason, at line: Int) throws(Problem) -> Never { throw Problem(line: line, reason: reason) }

    for byte in bytes {
      defer {
        earlier = previous
        previous = byte
      }
      if byte == newline, previous == carriageReturn {
        // The second half of CRLF; the row or line was counted at its first.
        if state != .quoted { rowLine = line }
        continue
      }
      length += 1
      if length > Self.rowLimitBytes { try fail(.lineTooLong(limitBytes: Self.rowLimitBytes), at: rowLine) }
      if byte == 0 { try fail(.controlCharacter(code: 0), at: line) }
      let isLineEnd = byte == newline || byte == carriageReturn
      if state == .quoted {
        if byte == quote { state = .quoteInQuoted } else if isLineEnd { line += 1 }
        continue
      }
      if isLineEnd {
        rows.append(Row(line: rowLine, cells: cells, isBlank: isBlank && cells == 1))
        line += 1
        rowLine = line
        (state, cells, length, isBlank) = (.cellStart, 1, 0, true)
        continue
      }
      if byte == delimiter {
        cells += 1
        state = .cellStart
        continue
      }
      switch state {
      case .cellStart:
        if byte == quote {
          (state, quoteLine, isBlank) = (.quoted, line, false)
          continue
        }
        if byte == space || byte == 9 { continue }
        (state, isBlank) = (.unquoted, false)
      case .unquoted:
        if byte == quote { try fail(.strayQuote, at: line) }
      case .quoteInQuoted:
        if byte == quote {
          state = .quoted
          continue
        }
        if byte != space { try fail(.textAfterQuote, at: line) }
        state = .afterQuoted
        continue
      case .afterQuoted:
        if byte != space { try fail(.textAfterQuote, at: line) }
        continue
      case .quoted: break
      }
      if byte < 32, byte != 9 { try fail(.controlCharacter(code: byte), at: line) }
      // U+0085, U+2028 and U+2029 would end a row for SwiftCSV, and no editor shows them.
      if byte == 0x85, previous == 0xC2 { try fail(.controlCharacter(code: 0x85), at: line) }
      if byte == 0xA8 || byte == 0xA9, previous == 0x80, earlier == 0xE2 { try fail(.controlCharacter(code: byte), at: line) }
    }
    if state == .quoted { try fail(.unclosedQuote, at: quoteLine) }
    if !isBlank || cells > 1 { rows.append(Row(line: rowLine, cells: cells, isBlank: false)) }
    self.rows = rows
  }
}
