import Cohorts
import Engine
import Files
import Graphs
import ModelFiles
import Normalization

/// A strategy applied to a model on a scanner's training patients: head, rewrite, statistics, training, statistics again.
///
/// A function of the model, the scans, the strategy and the training's configuration: the same bits each time, on any number of threads,
/// interrupted or not.
public struct AdaptationRun: Sendable {
  public var strategy: any AdaptationStrategy
  public var training: TrainingConfiguration
  /// The labels of a new head, in index order; nil takes the training scans' labels in alphabetical order. Of an extended head: those that
  /// the source lacks are added behind its own, in alphabetical order. Cross-validation gives the whole cohort's.
  public var newHeadLabels: [String]?
  /// The share of patients set aside where early stopping is asked for and no validation scans are given.
  public var validationFraction: Double
  public var budget: ComputeBudget
  /// Hashes the patients into the card; without, the card says that the list isn't complete.
  public var pseudonyms: Pseudonyms?
  /// Ends each phase of training after so many steps: what they cost is measured, not trained.
  var stepsPerPhase: Int?

  /// - Parameter training: the strategy's default unless given.
  public init(
    _ strategy: any AdaptationStrategy, training: TrainingConfiguration? = nil, newHeadLabels: [String]? = nil,
    validationFraction: Double = 0.2, budget: ComputeBudget = ComputeBudget(), pseudonyms: Pseudonyms? = nil
  ) {
    self.strategy = strategy
    self.training = training ?? strategy.defaultTraining
    self.newHeadLabels = newHeadLabels
    self.validationFraction = validationFraction
    self.budget = budget
    self.pseudonyms = pseudonyms
  }

  /// What an adaptation gives.
  public struct Result: Sendable {
    public var model: Model
    public let report: AdaptationReport
    /// A row an epoch; empty where nothing trained.
    public let metrics: [EpochMetrics]
    /// A norm pack for each scanner, where the strategy keeps them apart.
    public var packs: NormPackBank?
    /// For scanners without a pack.
    public var unknownScanner = UnknownScannerPolicy.refuse

    /// What answers scans.
    public var adapted: AdaptedModel { AdaptedModel(model, packs: packs, unknownScanner: unknownScanner) }
    /// The adapted model before what was added was folded into plain layers; nil where nothing was.
    public var unmerged: Model?
  }

  /// - Parameters:
  ///   - scans: the target's training patients. Statistics are taken of all of them; those with a label are trained on.
  ///   - validation: patients that early stopping watches, and every epoch's validation columns are about. Where it is nil and early
  ///     stopping is asked for, they are split off `scans`.
  ///   - loader: prepares scans as the model's card says.
  ///   - checkpoint: where a stopped run leaves its state and takes it up again; nil keeps none.
  /// - Throws: `Interrupted` with the checkpoint saved; `StrategyError`, `TrainingError`, `LabelVocabularyError`, `CheckpointError`, and
  ///   the errors of the rooms it calls.
  public func adapt(
    _ source: Model, to scans: TrainingScans, validatingOn validation: ValidationScans? = nil, loader: ScanLoader,
    checkpoint: String? = nil, observer: TrainingObserver = TrainingObserver()
  ) throws -> Result {
    let began = observer.seconds?()
    if began != nil { ProcessMemory.resetPeak() }
    var grafted = try graftedHead(source, for: scans)
    var model = grafted
    var (scans, validation) = (scans, validation)
    let trains = try strategy.prepare(&model) != nil
    if trains, training.earlyStopping != nil, validation == nil {
      let (kept, setAside) = try scans.split(validationFraction: validationFraction, seed: training.seed)
      (scans, validation) = (kept, setAside)
    }

    let images = RunScans(
      scans.records + (validation?.labelledRecords ?? []), shape: model.card.inputShape, loader: loader, memory: budget.memory / 4)
    try fillNewRows(of: &grafted, beside: source, scans, images)
    let strategy = try strategy.decided(
      on: TrainingEvidence(model: grafted, training: training, budget: budget, records: scans.records, scans: images))
    model = grafted
    let plan = try strategy.prepare(&model).map { keepingOldRows($0, of: model, beside: source) }
    if plan != nil { try training.validate() }
    let course = try plan.map {
      try TrainingCourse(model.graph, phases: strategy.phases(of: model, training: $0), plan: $0, configuration: training)
    }
    let statistics = StatisticsEstimation(
      policy: strategy.statistics, prior: model.parameters, records: scans.records, scans: images, budget: budget)
    // Where training draws from the batch everywhere, nothing reads stored statistics before the estimate after it.
    if course?.stretches[0].estimatesBefore ?? true {
      observer.report(.recalibrating)
      try statistics.estimate(&model)
    }
    let change = try checkedRewrite(strategy, from: grafted, to: model, scans, images)
    if strategy.statistics != .source { try fillNewRows(of: &model, beside: source, scans, images) }

    var outcome: TrainingOutcome?
    let pretrained = course.map { pretrainedParameters(of: model, in: source, training: $0.plan) } ?? []
    if let course {
      let file = try checkpoint.map { CheckpointFile(path: $0, run: try RunIdentity(self, source, scans, validation, images).hash) }
      let trainer = Trainer(
        configuration: training, budget: budget, scans: images, statistics: statistics, perScanner: strategy.perScanner,
        startingPoint: model.parameters.matching(pretrained), stepsPerPhase: stepsPerPhase, observer: observer)
      outcome = try trainer.train(
        &model, through: course, for: strategy.objective, on: scans, validatingOn: validation, checkpoint: file)
      if course.isStaleAfter {
        observer.report(.recalibrating)
        try statistics.estimate(&model)
      }
    }
    let trained = model
    let merged = try strategy.finalize(&model)
    let merge = try merged.isEmpty ? nil : MergeReport(of: merged, from: trained, to: model, on: images, scans.records, budget: budget)
    model = try model.replacingGraph(model.graph.trainingModes(of: source.graph))
    // Those who chose the epoch shaped the weights too.
    let choosing = outcome != nil && training.earlyStopping != nil ? validation?.declaredPatients ?? [] : []
    var report = report(by: strategy, on: scans, images, from: grafted, to: model, plan: plan, in: trained, outcome)
    model.card = card(of: model, by: strategy, scans, epochChosenOn: choosing, findings: report.findings)
    let packs = try strategy.perScanner.map { _ in
      try ScannerPacks(policy: strategy.statistics, prior: grafted.parameters, scans: images, budget: budget)
        .bank(for: model, on: scans, own: outcome?.own ?? [:])
    }

    report.rewriteChange = change
    report.merge = merge
    var unmerged = merged.isEmpty ? nil : try trained.replacingGraph(trained.graph.trainingModes(of: source.graph))
    unmerged?.card = model.card
    if course != nil, training.optimizer.startingPointPenalty != nil {
      report.pulledToStart = pretrained.reduce(0) { $0 + $1.shape.count }
    }
    report.seconds = observer.seconds.flatMap { clock in began.map { clock() - $0 } }
    report.peakBytes = began == nil ? nil : ProcessMemory.peakBytes
    return Result(
      model: model, report: report, metrics: outcome?.rows ?? [], packs: packs,
      unknownScanner: strategy.perScanner?.unknownScanner ?? .refuse, unmerged: unmerged)
  }

  private func report(
    by strategy: any AdaptationStrategy, on scans: TrainingScans, _ images: RunScans, from source: Model, to model: Model,
    plan: TrainablePlan?, in unmerged: Model, _ outcome: TrainingOutcome?
  ) -> AdaptationReport {
    // Every scanner after the first has another set of its own.
    let further = (outcome?.own ?? [:]).values.dropFirst().reduce(0) { $0 + $1.values.reduce(0) { $0 + $1.count } }
    let common = plan.map { plan in unmerged.graph.parameters.reduce(0) { $0 + plan.movingValues(of: $1).count } } ?? 0
    return AdaptationReport(
      strategy: strategy.specification, summary: strategy.summary, decision: strategy.decision, refusal: strategy.refusal,
      restraint: strategy.restraint, statistics: strategy.statistics.sentence,
      head: strategy.head,
      scans: scans.count, patients: scans.patients.count, labelledScans: scans.labelledRecords.count,
      scansPerClass: outcome?.scansPerClass ?? [], unusedLabels: outcome?.unusedLabels ?? [],
      unreadable: images.failures.map(UnreadableScan.init),
      trainedParameters: common + further,
      trainedShare: Double(common + further) / Double(max(unmerged.graph.parameterCounts.trainable + further, 1)),
      epochs: outcome?.rows.count ?? 0, chosenEpoch: outcome?.chosenEpoch, unlabelled: outcome?.unlabelled,
      droppedPerEpoch: outcome?.droppedPerEpoch ?? 0, inputs: outcome?.phases.last?.inputs, phases: outcome?.phases ?? [],
      changes: LayerChange.changes(from: source.parameters, to: model.parameters))
  }

  /// What trains and came with the source model; a head grafted for this run, and whatever the strategy added, didn't.
  private func pretrainedParameters(of model: Model, in source: Model, training plan: TrainablePlan) -> [ParameterDeclaration] {
    let grafted = strategy.head == .new ? Set(model.graph.headParameters.map(\.id)) : []
    return model.graph.parameters.filter {
      plan.trains($0.id) && !grafted.contains($0.id) && source.parameters.contains($0.id)
        && source.parameters.shape(of: $0.id) == $0.shape
    }
  }

  private func graftedHead(_ source: Model, for scans: TrainingScans) throws -> Model {
    switch strategy.head {
    case .keep, .train: return source
    case .new:
      let labels = try LabelVocabulary(newHeadLabels ?? scans.labels).labels
      let output: ModelCard.Output = scans.records.contains { !$0.findings.isEmpty } ? .sigmoid : .softmax
      // A single finding is there or not.
      guard labels.count >= (output == .softmax ? 2 : 1) else { throw LabelVocabularyError.tooFew(labels) }
      return try source.replacingHead(labels: labels, output: output, seed: training.seed)
    case .extend:
      try LabelFormError.check(scans.records, against: source.card)
      guard source.card.output == .softmax else { throw LabelFormError.needsClasses("--head extend") }
      let new = Set(newHeadLabels ?? scans.labels).subtracting(source.card.labels).sorted()
      guard !new.isEmpty else { throw HeadExtensionError.nothingNew(known: source.card.labels) }
      return try source.extendingHead(by: new)
    }
  }

  /// The rows of an extended head, from the features of the model as it is now; nothing for any other head.
  private func fillNewRows(of model: inout Model, beside source: Model, _ scans: TrainingScans, _ images: RunScans) throws {
    guard case .extend(let form) = strategy.head else { return }
    let labelled = images.readable(scans.labelledRecords).sorted { $0.id < $1.id }
    try form.fill(&model, from: labelled, of: images, oldLabels: source.card.labels.count, budget: budget)
  }

  private func keepingOldRows(_ plan: TrainablePlan, of model: Model, beside source: Model) -> TrainablePlan {
    guard case .extend(let form) = strategy.head, form.trains == .new, let last = model.graph.classifier?.name else { return plan }
    var plan = plan
    plan.keptRows = Dictionary(
      uniqueKeysWithValues: plan.trainable.filter { $0.path == last }.map { ($0, source.card.labels.count) })
    return plan
  }

  /// Holds the rewrite to its promise on a few scans, before hours of training.
  private func checkedRewrite(
    _ strategy: any AdaptationStrategy, from before: Model, to after: Model, _ scans: TrainingScans, _ images: RunScans
  ) throws -> Double? {
    guard let expectation = strategy.expectation else { return nil }
    guard let maps = try images.maps(of: Array(images.readable(scans.records).prefix(8))) else {
      throw TrainingError.noReadableScans(listed: scans.count, first: images.failures.first.map(UnreadableScan.init))
    }
    var start = before.parameters
    // What is the identity until trained is so under the same statistics.
    if expectation == .identityUntilTrained {
      for declaration in start.declarations where declaration.role == .buffer && after.parameters.contains(declaration.id) {
        start[declaration.id] = after.parameters[declaration.id]
      }
    }
    return try NoOpDetector().check(
      strategy.name, expectation, before: (before.graph, start), after: (after.graph, after.parameters), on: maps,
      threads: budget.threads)
  }

  private func card(
    of model: Model, by strategy: any AdaptationStrategy, _ scans: TrainingScans, epochChosenOn choosing: [PatientID],
    findings: [String]
  ) -> ModelCard {
    var card = model.card
    let scanners = scans.scanners.map(\.rawValue).joined(separator: ", ")
    if strategy.statistics != .source {
      card.statistics = "\(strategy.statistics.sentence): \(scanners), \(scans.count) scans of \(scans.patients.count) patients"
    }
    card.provenance.append(
      "\(strategy.specification) (head: \(strategy.head.rawValue)) on \(scanners), \(scans.count) scans of \(scans.patients.count) patients"
    )
    card.provenance += findings
    if let pseudonyms {
      let hashes = PatientHashes(scans.declaredPatients + choosing, pseudonyms)
      card.fittedPatients = card.fittedPatients.adding(.init(keyID: hashes.keyID, hashes: hashes.hashes))
    } else {
      card.fittedPatients = FittedPatients(isComplete: false, groups: card.fittedPatients.groups)
    }
    return card
  }
}
