import Cohorts
import Evaluation
import ModelFiles

extension PlannedEvaluation {
  /// Folds put together, checked against the ledger, and written to the folder.
  ///
  /// - Parameters:
  ///   - records: as `kept` or `run` gave them.
  ///   - allowingIncomplete: unfinished folds are left out and the result says so.
  ///   - finishing: adds what only the caller knows, such as the refit command.
  /// - Throws: `ExperimentError.incomplete`, `.noFoldFinished`, `FileError`.
  public func gather(
    _ records: [FoldRecord?], allowingIncomplete: Bool = false, finishing: (inout EvaluationResult) -> Void = { _ in }
  ) throws -> CrossValidation.Outcome {
    let finished = records.compactMap { $0 }.filter(isComplete)
    if finished.count < folds.count {
      let present = Set(finished.map(\.fold))
      let missing = folds.map(\.name).filter { !present.contains($0) }.map(\.description)
      guard allowingIncomplete else {
        throw ExperimentError.incomplete(missing: missing, of: folds.count, folder: folder?.path)
      }
    }
    guard !finished.isEmpty else { throw ExperimentError.noFoldFinished(folder: folder?.path) }
    // Of what these folds wrote while they ran, in whichever process, and of nothing else.
    let written = Ledger()
    for record in finished { written.take(record) }
    let check = LedgerCheck(written, finished)

    let summary = EvaluationSummary(
      header: header(folds: finished.count), strategies: design.shownRows.map(\.entry), identifiers: experiment.identifiers,
      scans: design.cohort.records)
    var result = try summary.result(
      of: finished, findings: findings(check, written, finished) + warnings.map { .foldWarning("\($0)") })
    let conduct = try conduct(of: result, finished, check)
    result.findings += conduct.findings
    result.conduct = conduct
    finishing(&result)
    try folder?.write(
      result, records: finished, classes: design.classes, ledger: written, identifiers: experiment.identifiers,
      pseudonyms: experiment.pseudonyms)
    return CrossValidation.Outcome(result: result, records: finished)
  }

  func header(folds: Int) -> EvaluationHeader {
    let (configuration, card) = (design.configuration, experiment.model.card)
    return EvaluationHeader(
      protocolName: configuration.protocolName, model: experiment.modelName,
      architecture: card.architecture?.rawValue ?? "a graph of its own", backboneHash: experiment.model.backboneHash.hex,
      sourcePatients: sourcePatients.known, preprocessing: "\(card.preprocessing)", classes: design.classes,
      targetScanners: design.targets.map(\.rawValue).sorted(), sourceScanners: design.sources.map(\.rawValue).sorted(),
      patientIdentity: design.cohort.patientIdentity.description, baseline: design.base.baseline, metrics: design.metrics,
      bootstrap: configuration.bootstrap, rule: configuration.rule, folds: folds, repetitions: design.repetitions,
      seed: configuration.seed, labelsPermuted: configuration.permutesLabels,
      unit: configuration.unit, tabulated: configuration.tabulated.chosen(from: design.metrics))
  }

  func findings(_ check: LedgerCheck, _ written: Ledger, _ records: [FoldRecord]) -> [Finding] {
    let (configuration, identifiers) = (design.configuration, experiment.identifiers)
    var found: [Finding] = []
    if !sourcePatients.knownOnTargets.isEmpty {
      found.append(
        .sourceModelKnowsPatients(
          count: sourcePatients.knownOnTargets.count,
          examples: sourcePatients.knownOnTargets.sorted().prefix(3).map(identifiers.patient)))
    }
    found += written.leaks().map { .patientOnBothSides(fold: $0.fold.short, patient: identifiers.patient($0.patient)) }
    if check.scansBesidesTest > 0 { found.append(.scoredOutsideTest(scans: check.scansBesidesTest)) }
    if configuration.permutesLabels { found.append(.labelsPermuted) }
    if configuration.protocolName == .transductive { found.append(.transductive) }
    if configuration.comparesTransductive {
      found.append(.transductiveRows(design.rows.filter(\.isTransductiveCompanion).map(\.entry.name)))
    }
    if cohort.patientIdentity == .everyScanItsOwn { found.append(.everyScanItsOwnPatient) }
    switch sourcePatients.known {
    case .unknown, .otherKey: found.append(.sourcePatientsUnknown)
    case .known: break
    }
    if !sourcePatients.knownOnSources.isEmpty { found.append(.sourceScansLeftOut(patients: sourcePatients.knownOnSources.count)) }
    if case .headExtendedOnTarget = design.base {
      found.append(.headExtended(by: design.classes.filter { !experiment.model.card.labels.contains($0) }))
    } else if design.needsNewHead {
      found.append(.sourceHeadUnknown(modelLabels: experiment.model.card.labels))
    }
    let unlabelled = design.cohort.records.count { $0.label == nil }
    if unlabelled > 0 { found.append(.unlabelledScans(scans: unlabelled)) }
    if !cohort.unavailable.isEmpty { found.append(.missingFiles(scans: cohort.unavailable.count)) }
    if records.count < folds.count { found.append(.incompleteFolds(finished: records.count, planned: folds.count)) }
    return found
  }
}

extension ExperimentDesign.Base {
  var baseline: EvaluationHeader.Baseline {
    switch self {
    case .sourceModel: .sourceModel
    case .headFittedOnTarget: .linearProbeOnSourceStatistics
    case .headExtendedOnTarget: .headExtendedOnSourceStatistics
    case .headFittedOnSources: .linearProbeOnSourceScanners
    }
  }
}
