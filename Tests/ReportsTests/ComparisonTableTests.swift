import Evaluation
import Experiments
import Foundation
import Reports
import Testing

@Suite("The one table")
struct ComparisonTableTests {
  let result = SimulatedEvaluation().result

  @Test("The header states preprocessing, class order, statistics, the model's patients, and that only held-out patients are scored")
  func header() {
    let text = ComparisonTable(result).text
    for expected in [
      "held-out patients only", "0 = normal, 1 = lesion", "centre 64×64", "the source model's stored statistics",
      "the target's training patients' (layer-sequential", "known: 40, none of them scored here", "5 folds, seed 7", "within-scanner",
    ] { #expect(text.contains(expected), "\(expected)") }
  }

  @Test("Each adaptation has its paired difference, interval, patient count and verdict, in its row and once more below")
  func rows() throws {
    let text = ComparisonTable(result).text
    for strategy in result.strategies where strategy.verdict != nil {
      let row = try #require(text.split(separator: "\n").first { $0.hasPrefix(strategy.name + " ") })
      let difference = try #require(strategy.primary?.difference)
      #expect(row.contains(String(format: "%+.3f", difference.difference)))
      #expect(row.contains(" 60 "))
      #expect(row.contains(strategy.verdict!.verdict.rawValue.uppercased()))
      #expect(text.contains("\(strategy.verdict!.verdict.rawValue.uppercased())  \(strategy.name): AUROC"))
    }
    #expect(text.contains("ADAPT  recalibrate"))
    #expect(text.contains("not applicable: a normalization on a 1×1 map"))
  }

  @Test("A model whose patients are unknown, and a transductive run, say so loudly")
  func warnings() {
    let unknown = ComparisonTable(SimulatedEvaluation(sourcePatients: .unknown).result).text
    #expect(unknown.contains("model's patients  UNKNOWN"))
    #expect(unknown.contains("caution: the source model's patients are unknown"))
    #expect(ComparisonTable(SimulatedEvaluation(protocolName: .transductive).result).text.contains("TRANSDUCTIVE"))
  }

  @Test("An undefined AUROC is a word, not a number, and decides nothing")
  func undefined() {
    let oneClass = SimulatedEvaluation(classesPresent: 1, gains: [("recalibrate", 1)]).result
    let text = ComparisonTable(oneClass).text
    #expect(text.contains("undefined"))
    #expect(text.contains("CANNOT TELL  recalibrate; the metric is undefined on these scans"))
    #expect(text.contains("scanner B has scans of class 'normal' only"))
  }

  @Test("Names cannot act: escape codes and bidirectional marks are shown")
  func inert() {
    let text = ComparisonTable(SimulatedEvaluation(scanner: "B\u{1B}[31m\u{202E}", model: "m\u{7}\nx").result).text
    #expect(!text.contains("\u{1B}") && !text.contains("\u{202E}") && !text.contains("\u{7}"))
    #expect(text.contains("⟨U+001B⟩[31m⟨U+202E⟩") && text.contains("m⟨U+0007⟩⟨U+000A⟩x"))
  }

  @Test("Markdown has one line a row and no markup from names")
  func markdown() {
    let markdown = ComparisonTable(SimulatedEvaluation(scanner: "B|*<b>", gains: [("recalibrate", 1)]).result).markdown
    let rows = markdown.split(separator: "\n").filter { $0.hasPrefix("|") }
    // The one table, and that of the tests.
    #expect(rows.count == (2 + 3) + (2 + 1))
    #expect(markdown.contains("B\\|\\*\\<b\\>"))
  }

  @Test("metrics.csv has the documented columns on every line and leaves undefined cells empty")
  func csv() throws {
    let lines = result.metricsCSV.split(separator: "\n")
    let columns = EvaluationResult.metricsColumns
    #expect(lines[0] == columns.joined(separator: ","))
    for line in lines { #expect(line.split(separator: ",", omittingEmptySubsequences: false).count == columns.count) }
    let row = try #require(lines.first { $0.contains(",recalibrate,target,auroc,mean_over_folds,") })
    let cells = row.split(separator: ",", omittingEmptySubsequences: false)
    let difference = try #require(result.strategies[1].primary?.difference)
    #expect(Double(cells[columns.firstIndex(of: "difference")!]) == difference.difference)
    #expect(Double(cells[columns.firstIndex(of: "p_holm")!])! >= Double(cells[columns.firstIndex(of: "p")!])!)
    #expect(lines.contains { $0.contains("source,target,auroc,mean_over_folds") && $0.hasSuffix(",,,,,,,,scan") })
  }

  @Test("What each adaptation trained and took stands below the table and in strategies.csv")
  func costs() throws {
    let result = SimulatedEvaluation(gains: [("linear-probe", 0.5), ("full", 1)]).result
    let lines = ComparisonTable(result).text.split(separator: "\n")
    // 130 of 42,113 parameters; five folds of 2.5 seconds, and the largest memory of any.
    #expect(lines.contains { $0.hasPrefix("linear-probe") && $0.contains("130") && $0.contains("0.31 %") })
    #expect(lines.contains { $0.hasPrefix("full") && $0.contains("42,113") && $0.contains("100 %") && $0.contains("1.23 GB") })
    let rows = result.strategiesCSV.split(separator: "\n")
    #expect(rows.count == 4 && rows[0].hasSuffix("head,trained_parameters,trained_share,seconds,peak_bytes,notes"))
    #expect(rows.last?.hasSuffix(",train,42113,1.0,12.5,1234000004,") == true)
  }

  @Test("evaluation.json reads back to the same value")
  func json() throws {
    let data = try JSONEncoder().encode(result)
    #expect(try JSONDecoder().decode(EvaluationResult.self, from: data) == result)
  }
}
