import Cohorts
import Evaluation
import Files

extension EvaluationResult {
  public static let metricsColumns = [
    "format", "protocol", "strategy", "scope", "metric", "aggregation", "value", "lower", "upper", "level", "patients", "scans",
    "difference",
    "difference_lower", "difference_upper", "verdict",
  ]

  /// `metrics.csv`: a line per strategy, scope, metric and aggregation; an empty cell is an undefined value.
  ///
  /// `scope` is `target`, `source` or `scanner:NAME`; `aggregation` is `mean_over_folds` (with its interval and paired difference),
  /// `pooled`, `train` or `fold:NAME`.
  public var metricsCSV: String {
    var text = Self.metricsColumns.joined(separator: ",") + "\n"
    for strategy in strategies where strategy.outcome == .evaluated {
      func line(
        _ scope: String, _ metric: Metric, _ aggregation: String, value: Double?, estimate: Estimate? = nil,
        difference: PairedDifference? = nil, verdict: String = ""
      ) {
        let cells = [
          "\(Self.formatVersion)", header.protocolName.rawValue, strategy.name, scope, metric.name, aggregation, exact(value),
          exact(estimate?.interval?.lower), exact(estimate?.interval?.upper), exact(estimate?.interval?.level),
          estimate.map { "\($0.patients)" } ?? "", estimate.map { "\($0.scans)" } ?? "", exact(difference?.difference),
          exact(difference?.interval?.lower), exact(difference?.interval?.upper), verdict,
        ]
        text += cells.map(csvCell).joined(separator: ",") + "\n"
      }
      for (index, score) in strategy.scores.enumerated() {
        line(
          "target", score.metric, "mean_over_folds", value: score.test?.value, estimate: score.test, difference: score.difference,
          verdict: index == 0 ? strategy.verdict?.verdict.rawValue ?? "" : "")
        line("target", score.metric, "pooled", value: score.pooled)
        line("target", score.metric, "train", value: score.train)
        for (fold, value) in zip(folds, score.byFold) { line("target", score.metric, "fold:" + fold.name, value: value) }
      }
      for (metric, estimate) in zip(header.metrics, strategy.sourceScores) {
        line("source", metric, "mean_over_folds", value: estimate?.value, estimate: estimate)
      }
      for score in strategy.perScanner {
        line(
          "scanner:" + score.scanner, header.primaryMetric, "mean_over_folds", value: score.estimate?.value, estimate: score.estimate,
          difference: score.difference)
      }
    }
    return text
  }

  public static let foldsColumns = ["format", "fold", "training_patients", "training_scans", "test_patients", "test_scans"]

  /// `folds.csv`: the size of each fold; who was in it stands in `ledger.csv`.
  public var foldsCSV: String {
    folds.reduce(Self.foldsColumns.joined(separator: ",") + "\n") { text, fold in
      text
        + "\(Self.formatVersion),\(csvCell(fold.name)),\(fold.trainingPatients),\(fold.trainingScans),\(fold.testPatients),\(fold.testScans)\n"
    }
  }

  private func exact(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
}
