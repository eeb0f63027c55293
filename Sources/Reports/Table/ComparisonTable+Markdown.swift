import Experiments

extension ComparisonTable {
  /// For a README or a merge request: the header as a list, the table, verdicts and findings.
  public var markdown: String {
    var lines = header.map { line in
      line.label.isEmpty ? "  - \(escaped(line.text))" : "- **\(escaped(line.label))**: \(escaped(line.text))"
    }
    lines += ["", row(columns.map(escaped)), row(columns.map { _ in "---" })]
    lines += rows.map { line in
      guard let remark = line.remark else {
        let cells = line.cells.map(escaped)
        return row([line.name == rows.first?.name ? "**\(escaped(line.name))**" : escaped(line.name)] + cells)
      }
      return row([escaped(line.name), escaped(remark)] + [String](repeating: "", count: columns.count - 2))
    }
    for detail in details {
      lines += ["", escaped(detail.heading) + ":", "", row(detail.columns.map(escaped)), row(detail.columns.map { _ in "---" })]
      lines += detail.rows.map { row($0.map(escaped)) }
    }
    if !verdicts.isEmpty { lines += [""] + verdicts.map { "- \(escaped($0))" } }
    if !findings.isEmpty { lines += [""] + findings.map { "- **\($0.severity.word)**: \(escaped($0.sentence.visible(limit: 600)))" } }
    return lines.joined(separator: "\n") + "\n"
  }

  private func row(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }

  /// Names come from files: they must not become markup.
  private func escaped(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      if "\\`*_{}[]<>|#!&".unicodeScalars.contains(scalar) { escaped.append("\\") }
      escaped.unicodeScalars.append(scalar)
    }
    return escaped
  }
}

extension Finding.Severity {
  var word: String {
    switch self {
    case .leak: "LEAK"
    case .caution: "caution"
    case .note: "note"
    }
  }
}
