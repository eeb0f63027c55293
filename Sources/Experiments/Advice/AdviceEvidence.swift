import Adaptation
import Cohorts
import Evaluation
import ModelFiles

/// What stands beside the curves: how far the scanners are from what the model expects, and how well its features sort the classes.
///
/// It ranks nothing, so what can't be measured doesn't end the study: it is a finding, with the reason.
struct AdviceEvidence {
  private(set) var mismatches: [MismatchSummary] = []
  private(set) var transferability: [FeatureScore] = []
  private(set) var failures: [Finding] = []

  init(of planned: PlannedEvaluation) {
    let (design, experiment) = (planned.design, planned.experiment)
    let hasNormalizations = !experiment.model.graph.normalizations.isEmpty
    if hasNormalizations {
      mismatches = attempt("the scanners' mismatch") { try Self.mismatches(design, experiment) } ?? []
    }
    let own = attempt("LogME under the model's statistics") {
      try Self.score("the model's statistics", experiment.model, design, experiment, withClasses: true)
    }
    let scanners =
      !hasNormalizations
      ? nil
      : attempt("LogME under the scanner's statistics") {
        // Of everybody, for a look at the features: nothing of it is kept, so it has a ledger of its own.
        let scans = design.cohort.filtered { design.targets.contains($0.scanner) }.allForFitting(Ledger())
        let recalibrated = try AdaptationRun(RecalibratedModel(guard: LabelShiftGuard(.off)), budget: experiment.budget)
          .adapt(experiment.model, to: scans, loader: experiment.loader).model
        return try Self.score("the scanner's statistics", recalibrated, design, experiment, withClasses: false)
      }
    transferability = [own, scanners].compactMap { $0 ?? nil }
  }

  private mutating func attempt<Value>(_ what: String, _ measure: () throws -> Value) -> Value? {
    do { return try measure() } catch {
      failures.append(.evidenceFailed(what: what, reason: "\(error)"))
      return nil
    }
  }

  private static func mismatches(_ design: ExperimentDesign, _ experiment: CrossValidation) throws -> [MismatchSummary] {
    let diagnoser = Diagnoser(remedies: [], gate: nil, loader: experiment.loader, budget: experiment.budget)
    let cohort = design.cohort.filtered { design.targets.contains($0.scanner) || design.sources.contains($0.scanner) }
    // Several sources have no one reference.
    let reference = design.sources.count == 1 ? design.sources.first : nil
    // Nothing of it is fitted or kept, so it has a ledger of its own.
    let found = try diagnoser.diagnose(experiment.model, on: cohort, reference: reference, ledger: Ledger()).scanners
    return found.filter { design.targets.contains($0.scanner) }.map(MismatchSummary.init)
  }

  /// LogME, H-score and LEEP of a model's features and answers on the target's labelled scans; nil where they have no LogME.
  /// No LEEP for a model of findings.
  private static func score(
    _ name: String, _ model: Model, _ design: ExperimentDesign, _ experiment: CrossValidation, withClasses: Bool
  ) throws -> FeatureScore? {
    let scans = design.cohort.filtered { design.targets.contains($0.scanner) }.labelled
    let predictor = Predictor(loader: experiment.loader, budget: experiment.budget)
    let (records, features, probabilities): ([ScanRecord], [[Float]], [[Double]]?)
    switch model.card.output {
    case .softmax:
      let answers = try predictor.predict(model, on: scans.records, labels: .whereKnown, withFeatures: true)
      (records, features) = (answers.records, answers.features!)
      probabilities = withClasses ? answers.predictions.map(\.probabilities) : nil
    case .sigmoid:
      // Its features are as good as any; its answers are no distribution over classes, which LEEP needs.
      let answers = try predictor.predictFindings(model, on: scans.records, labels: .whereKnown, withFeatures: true)
      (records, features, probabilities) = (answers.records, answers.features!, nil)
    }
    let labels = records.map { design.classes.firstIndex(of: $0.label!)! }
    return LogME.score(features: features, labels: labels).map { logME in
      FeatureScore(
        features: name, logME: logME, hScore: HScore.score(features: features, labels: labels),
        leep: probabilities.flatMap { LEEP.score(probabilities: $0, labels: labels) })
    }
  }
}
