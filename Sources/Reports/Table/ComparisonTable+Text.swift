extension ComparisonTable {
  /// For a terminal: header, rows of fixed width, verdicts, findings. Ends with a line break.
  public var text: String {
    let labelWidth = header.map(\.label.count).max() ?? 0
    var lines = header.flatMap { line in
      line.text.wrapped(width: 130 - labelWidth).enumerated().map { index, part in
        (index == 0 ? line.label : "").padded(to: labelWidth) + "  " + part
      }
    }
    lines.append("")
    lines += tableLines
    for detail in details { lines += [""] + detail.heading.wrapped(width: 132) + AlignedText.table(detail.columns, detail.rows) }
    if !verdicts.isEmpty { lines += [""] + verdicts }
    if !findings.isEmpty {
      lines.append("")
      lines += findings.flatMap { finding in
        "\(finding.severity.word): \(finding.sentence.visible(limit: 600))".wrapped(width: 132)
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
    return [AlignedText.line(columns, widths), AlignedText.rule(widths)]
      + rows.map { row in
        guard row.remark == nil else { return "\(row.name.padded(to: widths[0]))  \(row.remark!)" }
        return AlignedText.line([row.name] + row.cells, widths)
      }
  }
}
