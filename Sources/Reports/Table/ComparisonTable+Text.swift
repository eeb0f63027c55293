extension ComparisonTable {
  /// For a terminal: header, rows of fixed width, verdicts, findings. Ends with a line break.
  public var text: String {
    let labelWidth = header.map(\.label.count).max() ?? 0
    var lines = header.flatMap { line in
      wrapped(line.text, width: 132 - labelWidth - 2).enumerated().map { index, part in
        (padded(index == 0 ? line.label : "", to: labelWidth) + "  " + part)
      }
    }
    lines.append("")
    lines += tableLines
    for detail in details { lines += [""] + wrapped(detail.heading, width: 132) + aligned(detail) }
    if !verdicts.isEmpty { lines += [""] + verdicts }
    if !findings.isEmpty {
      lines.append("")
      lines += findings.flatMap { finding in
        wrapped("\(finding.severity.word): \(finding.sentence.visible(limit: 600))", width: 132)
      }
    }
    if let refitCommand { lines += ["", "to fit on all patients: " + refitCommand.visible(limit: 2000)] }
    return lines.joined(separator: "\n") + "\n"
  }

  private var tableLines: [String] {
    let numbered = rows.filter { $0.remark == nil }
    let names = rows.map(\.name.count).max() ?? 0
    var widths = columns.map(\.count)
    widths[0] = max(widths[0], names)
    for row in numbered {
      for (index, cell) in row.cells.enumerated() { widths[index + 1] = max(widths[index + 1], cell.count) }
    }
    let head = zip(columns, widths).map { padded($0, to: $1) }.joined(separator: "  ")
    let rule = widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")
    return [trimmed(head), rule]
      + rows.map { row in
        let name = padded(row.name, to: widths[0])
        guard row.remark == nil else { return "\(name)  \(row.remark!)" }
        return trimmed(([name] + zip(row.cells, widths.dropFirst()).map { padded($0, to: $1) }).joined(separator: "  "))
      }
  }

  private func aligned(_ detail: Detail) -> [String] {
    let lines = [detail.columns] + detail.rows
    let widths = detail.columns.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
    let made = lines.map { trimmed(zip($0, widths).map { padded($0, to: $1) }.joined(separator: "  ")) }
    return [made[0], widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")] + made.dropFirst()
  }

  private func padded(_ text: String, to width: Int) -> String { text + String(repeating: " ", count: max(0, width - text.count)) }

  private func trimmed(_ line: String) -> String {
    var line = line
    while line.last == " " { line.removeLast() }
    return line
  }

  private func wrapped(_ text: String, width: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ", omittingEmptySubsequences: false) {
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
