import Adaptation
import Cohorts
import Evaluation
import Foundation
import ModelFiles

/// A cross-validation thought through before anything runs: which scans take part, what the differences are taken from, and which
/// strategies the protocol allows.
struct ExperimentDesign: Sendable {
  /// Where the baseline, and what label-free strategies start from, comes from.
  enum Base: Hashable, Sendable {
    case sourceModel
    /// A head fitted on the fold's training scans of the target; each strategy fits its own.
    case headFittedOnTarget
    /// The source's own head, with rows for the classes that it lacks from the fold's training scans of the target; each strategy makes its
    /// own.
    case headExtendedOnTarget(HeadExtension)
    /// A head fitted on the fold's training scans of the source scanners, from which all strategies start.
    case headFittedOnSources
  }

  struct Row: Sendable {
    /// What a row is to the table.
    enum Kind: Hashable, Sendable {
      case baseline, adaptation
      /// An adaptation with the scored scans' own statistics, beside the one without.
      case transductive(of: String)
      /// An adaptation trained again with another seed; in no table of its own.
      case seed(of: String, number: Int)
      /// What inner folds choose among the baseline and the adaptations.
      case chosenInside
    }

    let kind: Kind
    let strategy: ExperimentStrategy
    let entry: StrategyEntry
    /// Something of it trains.
    let trains: Bool
    /// It holds statistics of the scans it is fitted on.
    let takesStatistics: Bool

    var isTransductiveCompanion: Bool { if case .transductive = kind { true } else { false } }
  }

  let configuration: ExperimentConfiguration
  /// Scans of target and source scanners, labels permuted if asked.
  let cohort: Cohort
  /// One, or a permutation of its labels each; the first is `cohort`.
  let cohorts: [Cohort]
  let targets: Set<ScannerID>
  let sources: Set<ScannerID>
  let classes: [String]
  let metrics: [Metric]
  let base: Base
  /// The baseline first.
  let rows: [Row]

  init(_ configuration: ExperimentConfiguration, model: Model, strategies: [ExperimentStrategy], cohort: Cohort) throws {
    self.configuration = configuration
    try Self.check(configuration)
    guard cohort.records.allSatisfy(\.findings.isEmpty) else {
      throw ExperimentError.contradiction("classes that exclude each other are compared; found a column for each finding (--label-columns)")
    }
    (targets, sources) = try Self.scanners(configuration, cohort)
    let isUnseen = configuration.protocolName == .unseenScanner
    var taken = cohort
    if !isUnseen { taken = cohort.filtered { [targets, sources] in targets.contains($0.scanner) || sources.contains($0.scanner) } }
    cohorts =
      configuration.permutesLabels
      ? (0..<configuration.seeds).map { [taken] in taken.permutingLabels(seed: configuration.seed &+ UInt64($0)) } : [taken]
    taken = cohorts[0]
    self.cohort = taken
    guard taken.records.contains(where: { [targets] in $0.label != nil && targets.contains($0.scanner) }) else {
      throw ExperimentError.noLabelledScans(scanners: targets.map(\.rawValue).sorted(), source: cohort.source)
    }

    let labels = taken.labels
    let headKnowsLabels = Set(labels).isSubset(of: model.card.labels) && configuration.newHeadLabels == nil
    if let form = try Self.headExtension(of: strategies) {
      guard configuration.protocolName.givesLabels else {
        throw ExperimentError.contradiction(
          "rows for new classes are made from labelled scans, and \(configuration.protocolName.rawValue) gives none; expected another protocol"
        )
      }
      let new = Set(configuration.newHeadLabels ?? labels).subtracting(model.card.labels).sorted()
      guard !new.isEmpty else { throw HeadExtensionError.nothingNew(known: model.card.labels) }
      base = .headExtendedOnTarget(form)
      classes = model.card.labels + new
    } else if headKnowsLabels {
      base = .sourceModel
      classes = model.card.labels
    } else if configuration.protocolName.givesLabels {
      base = .headFittedOnTarget
      classes = configuration.newHeadLabels ?? labels
    } else {
      base = .headFittedOnSources
      classes = configuration.newHeadLabels ?? labels
      guard !sources.isEmpty, taken.records.contains(where: { [sources] in $0.label != nil && sources.contains($0.scanner) }) else {
        throw ExperimentError.headUnknown(
          modelLabels: model.card.labels, cohortLabels: labels, protocolName: configuration.protocolName)
      }
    }
    if base == .sourceModel, model.card.output == .sigmoid { throw LabelFormError.classesForFindings }
    let missing = labels.filter { [classes] in !classes.contains($0) }
    guard missing.isEmpty else { throw ExperimentError.newHeadLacks(labels: missing) }
    metrics = configuration.metrics(classCount: classes.count)
    if metrics[0].needsThreshold {
      throw ExperimentError.contradiction(
        "the first metric decides and chooses; found \(metrics[0].name), which needs a threshold chosen before")
    }
    if configuration.nesting?.threshold != nil, classes.count != 2 {
      throw ExperimentError.contradiction("a threshold divides two classes; found \(classes.count)")
    }

    // The baseline is always there; naming it again asks for nothing more.
    let compared = strategies.filter { !($0.strategy is SourceModel) }
    guard !compared.isEmpty else { throw ExperimentError.nothingToCompare }
    var names: Set<String> = ["source"]
    for strategy in compared where !names.insert(strategy.name).inserted { throw ExperimentError.repeatedStrategy(strategy.name) }
    let baseline = strategies.first { $0.strategy is SourceModel } ?? ExperimentStrategy(SourceModel())
    var rows = [baseline].map { [base] in Self.row($0, .baseline, base: base, model: model, protocolName: configuration.protocolName) }
    for strategy in compared {
      let row = Self.row(strategy, .adaptation, base: base, model: model, protocolName: configuration.protocolName)
      rows.append(row)
      if configuration.comparesTransductive, !row.trains, !row.strategy.strategy.head.changesLabels, row.takesStatistics,
        row.entry.notApplicable == nil
      {
        rows.append(row.transductive())
      }
    }
    if configuration.nesting != nil { rows.append(.chosenInside(baseline)) }
    if configuration.comparesTransductive, !rows.contains(where: \.isTransductiveCompanion) {
      throw ExperimentError.contradiction("--transductive compares strategies that take statistics and train nothing; found none")
    }
    if !configuration.permutesLabels, configuration.seeds > 1 {
      let trained = rows.filter { $0.kind == .adaptation && $0.trains && $0.entry.notApplicable == nil }
      guard !trained.isEmpty else { throw ExperimentError.contradiction("--seeds trains strategies again; found none that trains") }
      for number in 1..<configuration.seeds { rows += trained.map { $0.seeded(number) } }
    }
    self.rows = rows
  }

  /// The one that the strategies' heads ask for; nil where none does.
  private static func headExtension(of strategies: [ExperimentStrategy]) throws -> HeadExtension? {
    let asked = strategies.filter { !($0.strategy is SourceModel) }.map { strategy in
      if case .extend(let form) = strategy.strategy.head { form } else { nil as HeadExtension? }
    }
    guard let form = asked.compactMap(\.self).first else { return nil }
    guard asked.allSatisfy({ $0 == form }) else {
      throw ExperimentError.contradiction(
        "some strategies extend the head and others don't, or otherwise; expected one head policy for all")
    }
    return form
  }

  private static func check(_ configuration: ExperimentConfiguration) throws {
    let protocolName = configuration.protocolName
    if configuration.nesting != nil, !protocolName.givesLabels { throw ExperimentError.nestingNeedsLabels(protocolName) }
    if configuration.comparesTransductive, protocolName == .transductive {
      throw ExperimentError.contradiction("the protocol is transductive already; expected --transductive beside another one")
    }
    if protocolName == .unseenScanner, configuration.division != .patients {
      throw ExperimentError.contradiction("unseen-scanner leaves scanners out; expected no other way of dividing beside it")
    }
    if configuration.repetitions > 1, configuration.division != .patients || protocolName == .unseenScanner {
      throw ExperimentError.contradiction("repetitions divide patients at random; this division is the same every time")
    }
    if configuration.permutesLabels, configuration.seeds > 1, configuration.repetitions > 1 {
      throw ExperimentError.contradiction("each permutation is a repetition of its own; expected --seeds or --repeats, not both")
    }
  }

  /// The model's own head does not know the classes.
  var needsNewHead: Bool { base != .sourceModel }

  /// Of the folds; each permutation of labels is one.
  var repetitions: Int { max(configuration.repetitions, cohorts.count) }

  /// Rows of the table, the baseline first.
  var shownRows: [Row] { rows.filter { if case .seed = $0.kind { false } else { true } } }

  /// What inner folds choose among, in the order of preference among equals.
  var candidates: [Candidate] {
    guard let nesting = configuration.nesting else { return [] }
    return rows.filter { ($0.kind == .baseline || $0.kind == .adaptation) && $0.entry.notApplicable == nil }.flatMap { row in
      row.trains && row.kind == .adaptation && !nesting.learningRates.isEmpty
        ? nesting.learningRates.map { Candidate(strategy: row.entry.name, learningRate: $0) } : [Candidate(strategy: row.entry.name)]
    }
  }

  static func scanners(
    _ configuration: ExperimentConfiguration, _ cohort: Cohort
  ) throws -> (targets: Set<ScannerID>, sources: Set<ScannerID>) {
    let known = Set(cohort.scanners)
    for name in configuration.targetScanners + configuration.sourceScanners where !known.contains(ScannerID(name)) {
      throw ExperimentError.unknownScanner(name, known: cohort.scanners.map(\.rawValue), source: cohort.source)
    }
    let sources = Set(configuration.sourceScanners.map { ScannerID($0) })
    let targets =
      configuration.targetScanners.isEmpty ? known.subtracting(sources) : Set(configuration.targetScanners.map { ScannerID($0) })
    if let both = targets.intersection(sources).min() { throw ExperimentError.scannerIsTargetAndSource(both.rawValue) }
    return (targets, sources)
  }

  private static func row(
    _ wanted: ExperimentStrategy, _ kind: Row.Kind, base: Base, model: Model, protocolName: EvaluationProtocol
  ) -> Row {
    let isBaseline = wanted.strategy is SourceModel
    let strategy =
      switch base {
      // As it came, whatever head the others were asked to have.
      case .sourceModel: isBaseline ? wanted.withHead(.keep) : wanted
      case .headFittedOnTarget: wanted.withHead(.new)
      case .headExtendedOnTarget(let form): wanted.withHead(.extend(form))
      case .headFittedOnSources: isBaseline ? wanted.withHead(.new) : wanted
      }
    let takesStatistics = strategy.strategy.statistics != .source && !isWhollyInstanceNormalized(strategy)
    var entry = StrategyEntry(
      name: strategy.name, summary: strategy.strategy.summary, statistics: statistics(strategy, protocolName),
      head: strategy.strategy.head.rawValue,
      isTransductive: protocolName == .transductive && takesStatistics)
    var trains = false
    do {
      var probe = model
      trains = try strategy.strategy.prepare(&probe) != nil
      if trains, strategy.strategy.objective.needsLabels, !protocolName.givesLabels, !isBaseline {
        entry.notApplicable = "it trains on labels, and \(protocolName.rawValue) gives none of the scanner that is scored"
      }
    } catch {
      entry.notApplicable = "\(error)"
    }
    return Row(kind: kind, strategy: strategy, entry: entry, trains: trains, takesStatistics: takesStatistics)
  }

  /// Every normalization takes the scan it is given: no statistics of other scans are held.
  private static func isWhollyInstanceNormalized(_ strategy: ExperimentStrategy) -> Bool {
    (strategy.strategy as? InstanceNormalized)?.swapsEverything == true
  }

  /// Whose statistics, under this protocol.
  private static func statistics(_ strategy: ExperimentStrategy, _ protocolName: EvaluationProtocol) -> String {
    let sentence = strategy.strategy.statistics.sentence
    guard strategy.strategy.statistics != .source else { return sentence }
    if isWhollyInstanceNormalized(strategy) { return "each scan's own (instance normalization)" }
    let whose =
      switch protocolName {
      case .withinScanner: "the target's training patients'"
      case .unseenScanner: "the training patients' of the other scanners"
      case .unlabelledScanner: "the target's training patients' (labels unseen)"
      case .transductive: "THE SCORED SCANS' OWN (transductive, labels unseen)"
      }
    let words = sentence.replacingOccurrences(of: "the target's training patients'", with: whose)
    guard let division = strategy.strategy.perScanner else { return words }
    return "each scanner's own, of \(words); for a scanner without: \(division.unknownScanner.sentence)"
  }
}
