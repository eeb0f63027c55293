import Adaptation
import Cohorts
import Evaluation
import ModelFiles

/// An evaluation of several findings a scan, thought through before anything runs; what it can't do is refused with a sentence.
struct FindingsDesign {
  /// Scans of the target scanners.
  let cohort: Cohort
  /// In the order of the answers.
  let findings: [String]
  let metrics: [Metric]
  let baseline: EvaluationHeader.Baseline
  /// The baseline first; without the one that inner folds choose.
  let rows: [ExperimentStrategy]
  /// What inner folds choose among, in the order of preference among equals; empty without them.
  let candidates: [Candidate]

  static let metrics: [Metric] = [.auroc, .averagePrecision, .brier]

  init(_ configuration: ExperimentConfiguration, model: Model, strategies: [ExperimentStrategy], cohort: Cohort) throws {
    try Self.check(configuration)
    let known = Set(cohort.scanners)
    for name in configuration.targetScanners where !known.contains(ScannerID(name)) {
      throw ExperimentError.unknownScanner(name, known: cohort.scanners.map(\.rawValue), source: cohort.source)
    }
    let targets = configuration.targetScanners.isEmpty ? known : Set(configuration.targetScanners.map { ScannerID($0) })
    self.cohort = cohort.filtered { targets.contains($0.scanner) }
    guard self.cohort.records.contains(where: \.isLabelled) else {
      throw ExperimentError.noLabelledScans(scanners: targets.map(\.rawValue).sorted(), source: cohort.source)
    }
    metrics = configuration.metrics + Self.metrics.filter { !configuration.metrics.contains($0) }

    let strays = try LabelVocabulary(model.card.labels).strays(of: self.cohort.records)
    let asksForHead = strategies.contains { $0.strategy.head == .new }
    let knowsAll = model.card.output == .sigmoid && strays.isEmpty && configuration.newHeadLabels == nil
    if model.card.output == .sigmoid, !strays.isEmpty, !asksForHead, configuration.newHeadLabels == nil {
      throw LabelVocabularyError.unknown(strays, known: model.card.labels)
    }
    baseline = knowsAll ? .sourceModel : .linearProbeOnSourceStatistics
    findings = knowsAll ? model.card.labels : configuration.newHeadLabels ?? self.cohort.labels
    let missing = self.cohort.labels.filter { [findings] in !findings.contains($0) }
    guard missing.isEmpty else { throw ExperimentError.newHeadLacks(labels: missing) }

    let compared = strategies.filter { !($0.strategy is SourceModel) }
    guard !compared.isEmpty else { throw ExperimentError.nothingToCompare }
    var names: Set<String> = ["source"]
    for strategy in compared where !names.insert(strategy.name).inserted { throw ExperimentError.repeatedStrategy(strategy.name) }
    let source = strategies.first { $0.strategy is SourceModel } ?? ExperimentStrategy(SourceModel())
    let rows = knowsAll ? [source.withHead(.keep)] + compared : ([source] + compared).map { $0.withHead(.new) }
    self.rows = rows
    guard let nesting = configuration.nesting else {
      candidates = []
      return
    }
    candidates = try rows.enumerated().flatMap { [findings] index, row -> [Candidate] in
      var probe = knowsAll ? model : try model.replacingHead(labels: findings, output: .sigmoid, seed: configuration.seed)
      let trains: Bool
      // What the network can't have is a row that says so, and nothing to choose.
      do { trains = try row.strategy.prepare(&probe) != nil && index > 0 } catch { return [] }
      return trains && !nesting.learningRates.isEmpty
        ? nesting.learningRates.map { Candidate(strategy: row.name, learningRate: $0) } : [Candidate(strategy: row.name)]
    }
  }

  /// What a fold's inner results choose; nil without nesting.
  func selection(of record: FindingsRecord) -> InnerSelection? {
    candidates.isEmpty ? nil : InnerSelection(record.inner, candidates: candidates, metric: metrics[0])
  }

  private static func check(_ configuration: ExperimentConfiguration) throws(ExperimentError) {
    func refuse(_ isAsked: Bool, _ what: String) throws(ExperimentError) {
      if isAsked { throw .contradiction("several findings a scan are evaluated by patient folds within the scanners; found \(what)") }
    }
    try refuse(configuration.protocolName != .withinScanner, "the protocol \(configuration.protocolName.rawValue)")
    try refuse(configuration.division != .patients, "another division of patients")
    try refuse(!configuration.sourceScanners.isEmpty, "source scanners (--source)")
    try refuse(configuration.nesting?.threshold != nil, "a threshold (--threshold), of which each finding would need its own")
    try refuse(configuration.repetitions > 1, "several repetitions (--repeats)")
    try refuse(configuration.seeds > 1, "several seeds (--seeds)")
    try refuse(configuration.comparesTransductive, "transductive rows (--transductive)")
    try refuse(configuration.permutesLabels, "shuffled labels (--permute-labels)")
    try refuse(configuration.unit != .scan, "patients as the unit (--unit)")
    for metric in configuration.metrics {
      try refuse(metric.needsThreshold, "\(metric.name), which needs a threshold chosen before")
    }
  }
}
