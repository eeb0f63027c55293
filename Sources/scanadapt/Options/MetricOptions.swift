import ArgumentParser
import Evaluation
import Experiments

/// What is counted, and which metrics the tables show beside the first.
struct MetricOptions: ParsableArguments {
  @Option(help: "scan, or patient: a patient's score is the mean of their scans' probabilities.")
  var unit: EvaluationUnit = .scan

  @Option(
    name: .customLong("metrics"), help: "Further metrics in the tables: names separated by commas, or all. Files always have all.",
    transform: tabulatedMetrics)
  var tabulated: TabulatedMetrics = .none
}

private func tabulatedMetrics(_ argument: String) throws -> TabulatedMetrics {
  if argument == "all" { return .all }
  return .these(
    try argument.split(separator: ",").map { name in
      guard let metric = Metric(argument: String(name)) else {
        throw ValidationError("--metrics: found '\(name)'; expected all, or names such as auprc, f1, brier, sensitivity_1")
      }
      return metric
    })
}

extension EvaluationUnit: ExpressibleByArgument {}
