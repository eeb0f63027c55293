import Experiments

extension AdviceTable {
  /// For a terminal. Ends with a line break.
  public var text: String {
    let labels = header.map(\.label.count).max() ?? 0
    var lines = header.flatMap { line in
      Self.wrapped(line.text, width: 130 - labels).enumerated().map { index, part in
        (index == 0 ? line.label : "").padding(to: labels) + "  " + part
      }
    }
    lines.append("")
    lines += advice.isMeasured ? aligned(columns, rows) : aligned(Self.ruleColumns, ruleRows)
    lines += [""] + Self.wrapped(advice.answer.visible(limit: 1200), width: 132)
    if !advice.changes.isEmpty {
      lines += ["", "What would change the answer:"]
      lines += advice.changes.flatMap { Self.wrapped("- " + $0.visible(limit: 600), width: 132) }
    }
    lines += [""] + sideInformation.flatMap { Self.wrapped($0, width: 132) }
    if let command = advice.command { lines += ["", "to fit on all patients: " + command.visible(limit: 2000)] }
    return lines.joined(separator: "\n") + "\n"
  }

  private func aligned(_ columns: [String], _ rows: [[String]]) -> [String] {
    let widths = columns.indices.map { column in max(columns[column].count, rows.map { $0[column].count }.max() ?? 0) }
    func joined(_ cells: [String]) -> String {
      var line = zip(cells, widths).map { $0.padding(to: $1) }.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line
    }
    return [joined(columns), widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")] + rows.map(joined)
  }

  private static func wrapped(_ text: String, width: Int) -> [String] {
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

  /// What a reader must know, worst first.
  var findings: [Finding] {
    advice.findings.enumerated().sorted { ($0.element.severity, $0.offset) < ($1.element.severity, $1.offset) }.map(\.element)
  }

  private var sideInformation: [String] {
    evidence.map { "\($0.0): \($0.1)" }
      + advice.notMeasured.map { "NOT MEASURED: \($0.strategy.visible(limit: 60)): \($0.reason.visible(limit: 400))" }
      + findings.map { "\($0.severity.word): \($0.sentence.visible(limit: 600))" }
  }
}

extension Advice {
  /// The verdict, and whether it was measured.
  var answer: String { (isMeasured ? "" : "UNMEASURED: ") + verdict.sentence }

  /// A strategy couldn't be fitted.
  public var hasFailures: Bool { findings.contains { if case .strategyFailed = $0 { true } else { false } } }
}

extension String {
  fileprivate func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
