import Experiments

extension AdviceTable {
  /// For a terminal. Ends with a line break.
  public var text: String {
    let labels = header.map(\.label.count).max() ?? 0
    var lines = header.flatMap { line in
      line.text.wrapped(width: 130 - labels).enumerated().map { index, part in
        (index == 0 ? line.label : "").padded(to: labels) + "  " + part
      }
    }
    lines.append("")
    lines += advice.isMeasured ? AlignedText.table(columns, rows) : AlignedText.table(Self.ruleColumns, ruleRows)
    lines += [""] + advice.answer.visible(limit: 1200).wrapped(width: 132)
    if !advice.changes.isEmpty {
      lines += ["", "What would change the answer:"]
      lines += advice.changes.flatMap { ("- " + $0.visible(limit: 600)).wrapped(width: 132) }
    }
    lines += [""] + sideInformation.flatMap { $0.wrapped(width: 132) }
    if let command = advice.command { lines += ["", "to fit on all patients: " + command.visible(limit: 2000)] }
    return lines.joined(separator: "\n") + "\n"
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

  /// A strategy couldn't be fitted, or something beside the curves couldn't be measured.
  public var hasFailures: Bool {
    findings.contains {
      switch $0 {
      case .strategyFailed, .evidenceFailed: true
      default: false
      }
    }
  }
}
