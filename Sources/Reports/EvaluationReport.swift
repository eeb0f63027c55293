import Evaluation
import Experiments

/// The report of a cross-validation: `report.html`, as a pure function of its result.
public struct EvaluationReport: Sendable {
  let result: EvaluationResult
  let mismatches: [LayerMismatchSeries]
  let samples: SampleScans?

  /// - Parameter samples: scans to show; none unless somebody asked for them.
  public init(_ result: EvaluationResult, mismatches: [LayerMismatchSeries] = [], samples: SampleScans? = nil) {
    self.result = result
    self.mismatches = mismatches
    self.samples = samples
  }

  public var table: ComparisonTable { ComparisonTable(result) }

  public var html: String {
    let table = table
    let header = result.header
    let plots = [
      ForestPlot.plot(result), ScorePlot.plot(result), ScannerPlot.plot(result), RankingCurvePlot.plot(result, .roc),
      RankingCurvePlot.plot(result, .precisionRecall), ReliabilityPlot.plot(result), LearningCurvePlot.plot(result),
      MismatchHeatMap.plot(mismatches), MismatchPlot.plot(mismatches),
    ].compactMap(\.self)
    return ReportPage(
      title: "\(header.model.visible(limit: 60)) on \(ComparisonTable.names(header.targetScanners))",
      lead: "ScanAdapt, \(header.protocolName.rawValue) evaluation on held-out patients"
        + (header.protocolName == .transductive ? " (transductive)" : "") + (header.labelsPermuted ? " (SELF-TEST, labels permuted)" : ""),
      verdicts: result.strategies.compactMap(verdict),
      findings: table.findings.map { .init(kind: $0.severity.rawValue, word: $0.severity.word, sentence: $0.sentence.visible(limit: 600)) },
      comparison: table,
      plots: plots,
      tables: [metricsTable, confusionTable, foldsTable, unreadableTable].compactMap { $0 },
      gallery: ScanGallery(samples),
      refit: result.refitCommand?.visible(limit: 2000),
      footer:
        "Scores are of held-out patients. Patients and scans bear pseudonyms unless the run was told otherwise. Made by "
        + "ScanAdapt from evaluation.json, format \(result.format); every number is in metrics.csv."
    ).html
  }

  private func verdict(_ strategy: StrategyResult) -> ReportPage.Verdict? {
    guard let verdict = strategy.verdict else { return nil }
    let kind =
      switch verdict.verdict {
      case .adapt: "adapt"
      case .leaveAlone: "leave"
      case .cannotTell: "unclear"
      }
    let difference = strategy.primary?.difference
    let numbers = difference.map {
      "\($0.metric.title(classes: result.header.classes)) \(Figures.difference($0)) on \(Figures.patients($0.patients))"
    }
    return .init(
      kind: kind, mark: verdict.verdict.mark, word: verdict.verdict.loud,
      name: strategy.name.visible(limit: 60) + (strategy.isTransductive ? " (transductive)" : ""),
      numbers: numbers ?? "no difference defined",
      because: verdict.because(result.header.rule))
  }

  private var metricsTable: ReportPage.Table? {
    let header = result.header
    // As many as fit; every number is in metrics.csv.
    let shown = [header.primaryMetric] + (header.tabulated.isEmpty ? Array(header.metrics.dropFirst().prefix(4)) : header.tabulated)
    guard shown.count > 1 else { return nil }
    let rows = result.strategies.filter { $0.outcome == .evaluated }.map { strategy in
      [strategy.name.visible(limit: 60)]
        + shown.map { metric in Figures.estimate(strategy.scores.first { $0.metric == metric }?.test) }
    }
    return .init(
      heading: "Further metrics on held-out patients", columns: ["adaptation"] + shown.map { $0.title(classes: header.classes) },
      rows: rows)
  }

  private var confusionTable: ReportPage.Table? {
    let classes = result.header.classes
    guard classes.count <= 12 else { return nil }
    let rows = result.strategies.flatMap { strategy -> [[String]] in
      guard let matrix = strategy.confusion else { return [] }
      return classes.indices.map { label in
        [strategy.name.visible(limit: 60), classes[label].visible(limit: 40)]
          + classes.indices.map { Figures.count(Int(matrix[label, $0])) } + [Figures.score(matrix.recall(of: label))]
      }
    }
    guard !rows.isEmpty else { return nil }
    return .init(
      heading: "What was taken for what", note: "Held-out scans by true class (row) and most probable class (column).",
      columns: ["adaptation", "true class"] + classes.map { "taken for \($0.visible(limit: 40))" } + ["recognized"], rows: rows)
  }

  private var foldsTable: ReportPage.Table? {
    guard !result.folds.isEmpty else { return nil }
    let evaluated = result.strategies.filter { $0.outcome == .evaluated }
    let rows = result.folds.prefix(100).enumerated().map { index, fold in
      [
        fold.name.visible(limit: 40), Figures.count(fold.trainingPatients), Figures.count(fold.trainingScans),
        Figures.count(fold.testPatients),
        Figures.count(fold.testScans),
      ]
        + evaluated.map { strategy in
          let values = strategy.primary?.byFold ?? []
          return index < values.count ? Figures.score(values[index]) : Figures.absent
        }
    }
    return .init(
      heading: "Fold by fold",
      note: "\(result.header.primaryMetric.title(classes: result.header.classes)) of each fold's held-out patients.",
      columns: ["fold", "training patients", "training scans", "held-out patients", "held-out scans"]
        + evaluated.map { $0.name.visible(limit: 40) }, rows: rows)
  }

  private var unreadableTable: ReportPage.Table? {
    guard !result.unreadable.isEmpty else { return nil }
    return .init(
      heading: "Scans that couldn't be read",
      note: result.unreadable.count > 100 ? "The first 100 of \(Figures.count(result.unreadable.count))." : "",
      columns: ["scan", "reason"], rows: result.unreadable.prefix(100).map { [$0.scan.visible(), $0.reason.visible()] })
  }
}
