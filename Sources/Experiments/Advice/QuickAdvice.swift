import Adaptation
import Cohorts
import Evaluation
import ModelFiles

/// Advice without measuring: rules of thumb held against the cohort's labels, the scanner's mismatch and the budget.
public struct QuickAdvice: Sendable {
  public var configuration: AdviceConfiguration
  public var model: Model
  public var modelName: String
  /// Prepares scans as the model's card says.
  public var loader: ScanLoader
  public var budget: ComputeBudget
  /// The rules; only those whose strategy is known are looked at.
  public var rules: [RuleOfThumb]

  public init(
    _ configuration: AdviceConfiguration, model: Model, named modelName: String, loader: ScanLoader,
    budget: ComputeBudget = ComputeBudget(),
    rules: [RuleOfThumb] = RuleOfThumb.all
  ) {
    self.configuration = configuration
    self.model = model
    self.modelName = modelName
    self.loader = loader
    self.budget = budget
    self.rules = rules
  }

  /// - Parameter seconds: a clock, by which one pass over the scans is timed; without one the budget rules nothing out.
  /// - Throws: `ExperimentError.unknownScanner`, and what reading scans throws.
  public func advice(
    on cohort: Cohort, ledger: Ledger = Ledger(), seconds: (@Sendable () -> Double)? = nil, progress: (String) -> Void = { _ in }
  ) throws -> (advice: Advice, unreadable: [UnreadableScan]) {
    let (targets, sources) = try ExperimentDesign.scanners(configuration.evaluation, cohort)
    let taken = cohort.filtered { targets.contains($0.scanner) || sources.contains($0.scanner) }
    let here = taken.filtered { targets.contains($0.scanner) }
    let began = seconds?()
    let diagnoser = Diagnoser(remedies: [], gate: nil, loader: loader, budget: budget)
    var found: (scanners: [ScannerDiagnosis], unreadable: [UnreadableScan]) = ([], [])
    if !model.graph.normalizations.isEmpty {
      found = try diagnoser.diagnose(
        model, on: taken, reference: sources.count == 1 ? sources.first : nil, ledger: ledger, progress: progress)
    }
    let passed = seconds.flatMap { clock in began.map { clock() - $0 } } ?? 0
    let mismatches = found.scanners.filter { targets.contains($0.scanner) }.map(MismatchSummary.init)

    let labels = here.labels
    let classes = Set(labels).isSubset(of: model.card.labels) && !labels.isEmpty ? model.card.labels : labels
    let perClass = classes.map { label in Set(here.records.filter { $0.label == label }.map(\.patient)).count }
    let tellable = mismatches.filter { $0.layers.contains { $0.chance != nil } }
    let situation = RuleOfThumb.Situation(
      patientsPerClass: perClass.filter { $0 > 0 }.count < 2 ? 0 : perClass.filter { $0 > 0 }.min() ?? 0,
      hasMismatch: tellable.isEmpty ? nil : tellable.contains { $0.layersBeyondChance > 0 }, scans: here.count,
      // A diagnosis runs the network over every scan about twice.
      secondsPerPass: passed / 2 * Double(here.count) / Double(max(taken.count, 1)), budget: configuration.budget.seconds)
    let applied = rules.compactMap { rule in
      (try? StrategyCatalogue.strategy(named: rule.strategy)).map { rule.held(against: situation, epochs: $0.defaultTraining.epochs) }
    }
    let chosen = applied.last(where: \.applies)?.strategy ?? SourceModel().name
    var advice = Advice(
      isMeasured: false, header: header(cohort, here, targets, sources, classes, perClass),
      verdict: AdviceVerdict(
        kind: chosen == SourceModel().name ? .leaveAlone : .adapt, strategy: chosen,
        sentence:
          "by rule of thumb \(chosen): \(applied.last { $0.applies }?.reason ?? ""). Nothing was fitted; without --quick it is measured."))
    advice.rules = applied
    advice.mismatches = mismatches
    advice.changes = [
      "Measuring: the same command without --quick, with a run folder (--out).",
      "n_T of the next rule: "
        + (applied.first { !$0.applies && $0.patientsPerClass > situation.patientsPerClass }.map {
          "\($0.strategy) from \($0.patientsPerClass) patients of the rarest class on; there are \(situation.patientsPerClass)."
        } ?? "none asks for more patients."),
    ]
    return (advice, found.unreadable)
  }

  private func header(
    _ cohort: Cohort, _ here: Cohort, _ targets: Set<ScannerID>, _ sources: Set<ScannerID>, _ classes: [String], _ perClass: [Int]
  ) -> AdviceHeader {
    let labelled = here.labelled
    return AdviceHeader(
      model: modelName, architecture: model.card.architecture?.rawValue ?? "a graph of its own",
      preprocessing: "\(model.card.preprocessing)", classes: classes, targetScanners: targets.map(\.rawValue).sorted(),
      sourceScanners: sources.map(\.rawValue).sorted(), patientIdentity: cohort.patientIdentity.description,
      baseline: "the source model as it came", sourceIsAsItCame: true, sourcePatients: "not compared (--quick)",
      patients: labelled.patients.count, patientsPerClass: perClass, scans: here.count, error: nil, sizes: [], folds: 0, draws: 0, fits: 0,
      seed: configuration.evaluation.seed, level: configuration.evaluation.bootstrap.level, margin: configuration.evaluation.rule.margin,
      budget: configuration.budget, secondsUsed: nil)
  }
}
