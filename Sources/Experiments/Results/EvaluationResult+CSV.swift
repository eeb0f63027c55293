import Cohorts
import Evaluation
import Files

extension EvaluationResult {
  public static let metricsColumns = [
    "format", "protocol", "strategy", "scope", "metric", "aggregation", "value", "lower", "upper", "level", "patients", "scans",
    "difference", "difference_lower", "difference_upper", "verdict", "interval_method", "bootstrap_lower", "bootstrap_upper",
    "difference_method", "difference_bootstrap_lower", "difference_bootstrap_upper", "p", "p_holm", "q_benjamini_hochberg", "undefined",
    "unit",
  ]

  /// `metrics.csv`: a line per strategy, scope, metric and aggregation; an empty cell is an undefined value, and `undefined` says why.
  ///
  /// `scope` is `target`, `source`, `scanner:NAME` or `worst:NAME` (selected, its interval allows for that); `aggregation` is
  /// `mean_over_folds` (areas) or `pooled` (all else) with interval and paired difference, `pooled` for areas and `train` without, or
  /// `fold:NAME`, `seed:NUMBER`, `repetition:NUMBER`, and `seeds` or `repetitions` for their mean with its combined interval.
  public var metricsCSV: String {
    var text = Self.metricsColumns.joined(separator: ",") + "\n"
    for strategy in strategies where strategy.outcome == .evaluated {
      for line in lines(of: strategy) {
        let cells = ["\(Self.tableVersion)", header.protocolName.rawValue, strategy.name] + line.cells + [header.unit.rawValue]
        text += cells.map(csvCell).joined(separator: ",") + "\n"
      }
    }
    return text
  }

  private func lines(of strategy: StrategyResult) -> [MetricLine] {
    var lines: [MetricLine] = []
    for (index, score) in strategy.scores.enumerated() {
      var line = MetricLine("target", score.metric, score.metric.aggregation.rawValue, score.test, score.difference)
      line.verdict = index == 0 ? strategy.verdict?.verdict.rawValue : nil
      line.holm = score.holm
      line.discovery = score.benjaminiHochberg
      line.undefined = score.undefined?.sentence(classes: header.classes)
      lines.append(line)
      if score.metric.aggregation == .meanOverFolds { lines.append(MetricLine("target", score.metric, "pooled", value: score.pooled)) }
      lines.append(MetricLine("target", score.metric, "train", value: score.train))
      lines += zip(folds, score.byFold).map { MetricLine("target", score.metric, "fold:" + $0.name, value: $1) }
      lines += Self.lines(of: score.overSeeds, named: "seed") + Self.lines(of: score.overRepetitions, named: "repetition")
    }
    for (index, metric) in header.metrics.enumerated() where index < strategy.sourceScores.count {
      let difference = index < strategy.sourceDifferences.count ? strategy.sourceDifferences[index] : nil
      lines.append(MetricLine("source", metric, metric.aggregation.rawValue, strategy.sourceScores[index], difference))
    }
    let primary = header.primaryMetric
    for score in strategy.perScanner {
      lines.append(MetricLine("scanner:" + score.scanner, primary, primary.aggregation.rawValue, score.estimate, score.difference))
    }
    if let worst = strategy.worst {
      lines.append(
        MetricLine("worst:" + worst.group, primary, primary.aggregation.rawValue, value: worst.value, interval: worst.interval))
    }
    return lines
  }

  private static func lines(of variance: SeedVariance?, named name: String) -> [MetricLine] {
    guard let variance else { return [] }
    return variance.values.enumerated().map { MetricLine("target", variance.metric, "\(name):\($0 + 1)", value: $1) }
      + [MetricLine("target", variance.metric, name + "s", value: variance.mean, interval: variance.interval)]
  }

  public static let strategiesColumns = [
    "format", "strategy", "summary", "statistics", "head", "trained_parameters", "trained_share", "seconds", "peak_bytes", "notes",
  ]

  /// `strategies.csv`: what each row trained and what that took; seconds of all folds together, the largest of the folds' else.
  public var strategiesCSV: String {
    strategies.filter { $0.outcome == .evaluated }.reduce(Self.strategiesColumns.joined(separator: ",") + "\n") { text, row in
      let numbers = [
        row.trainedParameters.map { "\($0)" }, row.trainedShare.map { "\($0)" }, row.seconds.map { "\($0)" }, row.peakBytes.map { "\($0)" },
      ]
      let cells =
        ["\(Self.tableVersion)", row.name, row.summary, row.statistics, row.head] + numbers.map { $0 ?? "" }
        + [row.notes.joined(separator: "; ")]
      return text + cells.map(csvCell).joined(separator: ",") + "\n"
    }
  }

  public static let foldsColumns = ["format", "fold", "training_patients", "training_scans", "test_patients", "test_scans"]

  /// `folds.csv`: the size of each fold; who was in it stands in `ledger.csv`.
  public var foldsCSV: String { Self.foldsCSV(of: folds) }

  static func foldsCSV(of folds: [FoldSummary]) -> String {
    folds.reduce(foldsColumns.joined(separator: ",") + "\n") { text, fold in
      text
        + "\(tableVersion),\(csvCell(fold.name)),\(fold.trainingPatients),\(fold.trainingScans),\(fold.testPatients),\(fold.testScans)\n"
    }
  }
}

/// One line of `metrics.csv`.
private struct MetricLine {
  let scope: String
  let metric: Metric
  let aggregation: String
  let value: Double?
  let interval: Interval?
  var estimate: Estimate?
  var difference: PairedDifference?
  var verdict: String?
  var holm: Double?
  var discovery: Double?
  var undefined: String?

  init(_ scope: String, _ metric: Metric, _ aggregation: String, value: Double?, interval: Interval? = nil) {
    self.scope = scope
    self.metric = metric
    self.aggregation = aggregation
    self.value = value
    self.interval = interval
  }

  init(_ scope: String, _ metric: Metric, _ aggregation: String, _ estimate: Estimate?, _ difference: PairedDifference?) {
    self.init(scope, metric, aggregation, value: estimate?.value, interval: estimate?.interval)
    self.estimate = estimate
    self.difference = difference
  }

  /// From `scope` to `undefined`.
  var cells: [String] {
    [
      scope, metric.name, aggregation, exact(value), exact(interval?.lower), exact(interval?.upper), exact(interval?.level),
      estimate.map { "\($0.patients)" } ?? "", estimate.map { "\($0.scans)" } ?? "", exact(difference?.difference),
      exact(difference?.interval?.lower), exact(difference?.interval?.upper), verdict ?? "", estimate?.method?.rawValue ?? "",
      exact(estimate?.bootstrapInterval?.lower), exact(estimate?.bootstrapInterval?.upper), difference?.method?.rawValue ?? "",
      exact(difference?.bootstrapInterval?.lower), exact(difference?.bootstrapInterval?.upper), exact(difference?.pValue), exact(holm),
      exact(discovery), undefined ?? estimate?.missing?.sentence ?? "",
    ]
  }

  private func exact(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
}
