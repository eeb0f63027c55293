import Evaluation
import Experiments

/// The one table: the baseline against each adaptation on the same held-out patients, under a header without which its numbers mean
/// nothing, and above the verdicts and findings that belong to it.
///
/// A value made once from a result and rendered as text, Markdown or HTML.
public struct ComparisonTable: Hashable, Sendable {
  struct HeaderLine: Hashable, Sendable {
    let label: String
    let text: String
    /// Something the reader must not miss.
    var isWarning = false
  }

  struct Row: Hashable, Sendable {
    let name: String
    let cells: [String]
    /// Why there are no numbers; replaces the cells.
    let remark: String?
    let verdict: Verdict?
  }

  /// A letter of the statistics column and what it stands for.
  struct Statistics: Hashable, Sendable {
    let letter: String
    let sentence: String
  }

  let header: [HeaderLine]
  let columns: [String]
  let rows: [Row]
  let statistics: [Statistics]
  let details: [Detail]
  let verdicts: [String]
  let findings: [Finding]
  let refitCommand: String?

  public init(_ result: EvaluationResult) {
    let legend = Self.legend(of: result.strategies)
    let hasSource = !result.header.sourceScanners.isEmpty
    let metric = result.header.primaryMetric.title(classes: result.header.classes)
    let level = Figures.percent(result.header.bootstrap.level)

    header = Self.headerLines(result, legend: legend)
    statistics = legend
    columns =
      ["adaptation"] + (hasSource ? ["on \(Self.names(result.header.sourceScanners))"] : [])
      + [
        "\(metric) on \(Self.names(result.header.targetScanners)) [\(level)]", "train", "gap", "difference [\(level)]", "patients",
        "verdict",
      ]
      + ["fitting", "trained", "stats"]
    let width = columns.count
    rows = result.strategies.map { Self.row($0, hasSource: hasSource, width: width, legend: legend) }
    details = Self.details(result)
    verdicts = result.strategies.compactMap { $0.verdictLine(result.header) }
    findings = result.findings.enumerated().sorted { ($0.element.severity, $0.offset) < ($1.element.severity, $1.offset) }.map(\.element)
    refitCommand = result.refitCommand
  }

  private static func row(_ strategy: StrategyResult, hasSource: Bool, width: Int, legend: [Statistics]) -> Row {
    let name = strategy.name.visible(limit: 40) + (strategy.isTransductive ? " (transductive)" : "")
    switch strategy.outcome {
    case .notApplicable(let reason):
      return Row(name: name, cells: [], remark: "not applicable: " + reason.visible(), verdict: nil)
    case .failed(let fold, let reason):
      return Row(name: name, cells: [], remark: "FAILED in fold \(fold.visible(limit: 40)): " + reason.visible(), verdict: nil)
    case .evaluated:
      break
    }
    let score = strategy.primary
    var cells = hasSource ? [Figures.score(strategy.sourceScores.first.flatMap { $0 }?.value)] : []
    cells += [
      Figures.estimate(score?.test), Figures.score(score?.train), Figures.signed(score?.gap),
      strategy.isBaseline ? "baseline" : Figures.difference(score?.difference),
      Figures.count(score?.difference?.patients ?? score?.test?.patients),
      strategy.verdict.map { "\($0.verdict.mark) \($0.verdict.loud)" } ?? Figures.absent,
      Figures.seconds(strategy.seconds), Figures.count(strategy.trainedParameters),
      legend.first { $0.sentence == strategy.statistics }?.letter ?? Figures.absent,
    ]
    precondition(cells.count == width - 1, "\(cells.count) cells under \(width) columns")
    return Row(name: name, cells: cells, remark: nil, verdict: strategy.verdict?.verdict)
  }

  private static func legend(of strategies: [StrategyResult]) -> [Statistics] {
    var sentences: [String] = []
    for strategy in strategies where strategy.outcome == .evaluated && !sentences.contains(strategy.statistics) {
      sentences.append(strategy.statistics)
    }
    return sentences.enumerated().map { index, sentence in
      Statistics(letter: index < 26 ? String(UnicodeScalar(UInt8(97 + index))) : "\(index + 1)", sentence: sentence)
    }
  }

  static func names(_ scanners: [String]) -> String {
    scanners.count > 3
      ? "\(scanners.count) scanners" : scanners.map { $0.visible(limit: 24) }.joined(separator: "+")
  }
}
