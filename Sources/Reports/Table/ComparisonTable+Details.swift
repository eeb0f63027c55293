import Evaluation
import Experiments

extension ComparisonTable {
  /// A smaller table below the one: what not every reader needs beside each row.
  struct Detail: Hashable, Sendable {
    let heading: String
    let columns: [String]
    let rows: [[String]]
  }

  static func details(_ result: EvaluationResult) -> [Detail] {
    let rows = result.strategies.filter { $0.outcome == .evaluated }
    return [tests(result, rows), costs(rows), variances(result, rows), metrics(result, rows)].compactMap { $0 }
  }

  /// What trained, what it took, and what a strategy chose after a look at the training scans.
  private static func costs(_ rows: [StrategyResult]) -> Detail? {
    guard rows.contains(where: { $0.trainedParameters ?? 0 > 0 }) else { return nil }
    return Detail(
      heading: "what trained, of all that could, and what it took: fitting of all folds, the largest memory of any",
      columns: ["adaptation", "trained", "share", "fitting", "peak memory", "notes"],
      rows: rows.map { row in
        [
          row.name.visible(limit: 40), Figures.count(row.trainedParameters), row.trainedShare.map(Figures.share) ?? Figures.absent,
          Figures.seconds(row.seconds), Figures.memory(row.peakBytes),
          row.notes.isEmpty ? Figures.absent : row.notes.joined(separator: "; ").visible(limit: 160),
        ]
      })
  }

  /// p values as they came and corrected, McNemar's, what it cost on the source scanners, and the worst scanner.
  private static func tests(_ result: EvaluationResult, _ rows: [StrategyResult]) -> Detail? {
    let compared = rows.filter { !$0.isBaseline }
    guard !compared.isEmpty else { return nil }
    let level = Figures.percent(result.header.bootstrap.level)
    let hasSource = !result.header.sourceScanners.isEmpty
    let hasWorst = rows.contains { $0.worst != nil }
    let columns =
      ["adaptation", "p", "p (Holm)", "q (BH)", "p by folds", "McNemar"]
      + (hasSource ? ["change on \(names(result.header.sourceScanners)) [\(level)]"] : [])
      + (hasWorst ? ["worst scanner [\(level), selected]"] : [])
    return Detail(
      heading: "tests of no difference from the baseline (\(result.header.primaryMetric.title(classes: result.header.classes)); "
        + "McNemar of decisions, exact by patient; by folds: corrected resampled t)",
      columns: columns,
      rows: compared.map { row in
        let score = row.primary
        return [row.name.visible(limit: 40)]
          + [score?.difference?.pValue, score?.holm, score?.benjaminiHochberg, score?.foldComparison?.pValue, row.mcNemar?.pValue]
          .map(Figures.pValue)
          + (hasSource ? [Figures.difference(row.sourceDifferences.first.flatMap { $0 })] : [])
          + (hasWorst
            ? [
              row.worst.map { "\($0.group.visible(limit: 24)) \(Figures.score($0.value)) \(Figures.interval($0.interval))" }
                ?? Figures.absent
            ]
            : [])
      })
  }

  /// Seeds apart from patients.
  private static func variances(_ result: EvaluationResult, _ rows: [StrategyResult]) -> Detail? {
    let lines = rows.flatMap { row in
      [("seeds", row.primary?.overSeeds), ("repetitions", row.primary?.overRepetitions)].compactMap { name, variance -> [String]? in
        variance.map {
          [
            row.name.visible(limit: 40), "\($0.values.count) \(name)", Figures.score($0.mean), Figures.score($0.seedDeviation),
            Figures.score($0.patientDeviation), Figures.interval($0.interval),
          ]
        }
      }
    }
    guard !lines.isEmpty else { return nil }
    return Detail(
      heading: "variance of \(result.header.primaryMetric.title(classes: result.header.classes)): of one run to the next, and of patients",
      columns: ["adaptation", "over", "mean", "SD of runs", "SE of patients", "both [\(Figures.percent(result.header.bootstrap.level))]"],
      rows: lines)
  }

  /// The further metrics that were asked for, a row per metric.
  private static func metrics(_ result: EvaluationResult, _ rows: [StrategyResult]) -> Detail? {
    let wanted = result.header.tabulated.filter { $0 != result.header.primaryMetric }
    guard !wanted.isEmpty, !rows.isEmpty else { return nil }
    return Detail(
      heading: "further metrics on held-out patients [\(Figures.percent(result.header.bootstrap.level))]",
      columns: ["metric"] + rows.map { $0.name.visible(limit: 40) },
      rows: wanted.map { metric in
        [metric.title(classes: result.header.classes)]
          + rows.map { row in
            guard let score = row.scores.first(where: { $0.metric == metric }) else { return Figures.absent }
            return score.test == nil
              ? "undefined: \(score.undefined?.sentence(classes: result.header.classes).visible(limit: 80) ?? "")"
              : Figures.estimate(score.test)
          }
      })
  }
}
