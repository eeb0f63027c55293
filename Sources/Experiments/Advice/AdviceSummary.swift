import Adaptation
import Cohorts
import Evaluation

/// Advice from measurements: a pure function of what was fitted and asked.
struct AdviceSummary {
  let planned: PlannedAdvice
  let measured: PlannedAdvice.Measurements
  /// Patients that would be labelled more; nil takes as many as there are.
  let more: Int?

  private var design: ExperimentDesign { planned.design }
  private var configuration: ExperimentConfiguration { design.configuration }
  private var measure: ErrorMeasure { ErrorMeasure(design.metrics[0])! }
  private var strategies: [String] { measured.plan.strategies }
  private var fits: [AdviceFit] { measured.fits.filter { $0.failure == nil } }

  /// - Throws: `CurveMeasurementsError`, `ComparisonError`.
  func advice(mismatches: [MismatchSummary], transferability: [FeatureScore], findings: [Finding]) throws -> Advice {
    let curves = try resampled(measure)
    let ranks = try AdviceRanking(
      curves: curves, fits: fits, rows: planned.rows, scores: scores(), rule: configuration.rule,
      patientsPerClass: testedPerClass)
    var advice = Advice(isMeasured: true, header: header, verdict: ranks.verdict)
    advice.ranks = ranks.ranks
    advice.curves = curves.curves
    advice.crossings = crossings(curves)
    let largest = measured.plan.sizes.last!
    advice.gains = strategies.filter { !planned.isAsItCame($0) }.compactMap {
      curves.gain(of: $0, adding: more ?? header.patients, to: largest)
    }
    advice.spreads = spreads
    advice.sanityLine = try sanityLine()
    advice.mismatches = mismatches
    advice.transferability = transferability
    advice.notMeasured = notMeasured
    advice.cuts = measured.plan.cuts
    advice.findings = findings
    advice.changes = AdviceChanges(advice).sentences
    return advice
  }

  /// Patients that somebody was asked about, by class: fewer than the cohort's where the time was over before every fold.
  private var testedPerClass: [Int] {
    var patients = [Set<String>](repeating: [], count: design.classes.count)
    for fit in fits where fit.strategy == strategies[0] {
      for prediction in fit.predictions { if let label = prediction.label { patients[label].insert(prediction.patient) } }
    }
    return patients.map(\.count)
  }

  // MARK: curves

  private func resampled(_ measure: ErrorMeasure) throws -> ResampledCurves {
    let measurements = fits.map { fit in
      CurveMeasurement(
        strategy: fit.strategy, size: fit.size, fold: fit.fold, draw: fit.draw,
        errors: measure.errors(fit.predictions))
    }
    let pool = planned.planned.folds.map { design.patients(of: $0.training) }.min() ?? 0
    return CurveBootstrap(
      seed: configuration.seed, resamples: configuration.bootstrap.resamples, level: configuration.bootstrap.level,
      minimumPatients: configuration.rule.minimumPatients, largestError: measure.largest(classes: design.classes.count)
    ).curves(of: try CurveMeasurements(measurements, poolSize: pool))
  }

  /// Neighbours in the order of trained parameters, and linear probe against full.
  private func crossings(_ curves: ResampledCurves) -> [Crossing] {
    let trained = Dictionary(fits.map { ($0.strategy, $0.trainedParameters ?? 0) }) { first, _ in first }
    let ordered = strategies.enumerated().sorted {
      (trained[$0.element, default: 0], $0.offset) < (trained[$1.element, default: 0], $1.offset)
    }
    .map(\.element)
    var pairs = Array(zip(ordered, ordered.dropFirst()))
    let ends = (LinearProbe().name, FullFineTuning().name)
    if ordered.contains(ends.0), ordered.contains(ends.1), !pairs.contains(where: { $0 == ends }) { pairs.insert(ends, at: 0) }
    return pairs.map { curves.crossing(from: $0.0, to: $0.1) }
  }

  private func sanityLine() throws -> SanityLine? {
    let ends = (LinearProbe().name, FullFineTuning().name)
    guard strategies.contains(ends.0), strategies.contains(ends.1) else { return nil }
    let curves = try resampled(.brier)
    guard let model = LinearGaussian(probe: curves.curve(ends.0), full: curves.curve(ends.1)) else { return nil }
    return SanityLine(
      simpler: ends.0, richer: ends.1, model: model, crossing: model.crossing,
      sentence: "the linear-Gaussian model nearest to the Brier scores of \(ends.0) and \(ends.1); networks aren't linear, so this is a "
        + "line to check the measured crossing by and no evidence")
  }

  // MARK: scores, bias and variance

  /// By strategy: the other metrics at the largest size, all in the same resamples.
  private func scores() throws -> [String: [Estimate]] {
    let metrics = [design.metrics[0]] + design.metrics.filter { $0 == .auroc && $0 != design.metrics[0] }
    let size = measured.plan.sizes.last!
    let models = strategies.map { strategy in
      HeldOutPredictions(
        folds: measured.blocks.map { block in
          fits.first { $0.place == .init(strategy: strategy, fold: block.fold, draw: block.draw, size: size) }?.predictions ?? []
        })
    }
    let scored = try configuration.bootstrap.scores(metrics, of: models)
    return Dictionary(uniqueKeysWithValues: zip(strategies, scored.map { $0.estimates.compactMap(\.self) }))
  }

  private var spreads: [StrategySpread] {
    strategies.flatMap { strategy in
      measured.plan.sizes.compactMap { size -> StrategySpread? in
        let own = fits.filter { $0.strategy == strategy && $0.size == size }
        let repeated = Dictionary(grouping: own.flatMap(\.predictions), by: \.scan).sorted { $0.key < $1.key }.compactMap {
          scan, predictions -> RepeatedPrediction? in
          guard predictions.count > 1, let label = predictions[0].label else { return nil }
          return RepeatedPrediction(
            scan: scan, patient: predictions[0].patient, label: label, probabilities: predictions.map(\.probabilities))
        }
        guard !repeated.isEmpty else { return nil }
        return BiasVariance(
          repeated, seed: configuration.seed, resamples: configuration.bootstrap.resamples, level: configuration.bootstrap.level
        ).map { StrategySpread(strategy: strategy, size: size, parts: $0) }
      }
    }
  }

  // MARK: the rest

  private var notMeasured: [UnmeasuredStrategy] {
    design.rows.compactMap { row in
      row.entry.notApplicable.map { UnmeasuredStrategy(strategy: row.entry.name, reason: $0) }
    } + measured.fits.compactMap { fit in fit.failure.map { UnmeasuredStrategy(strategy: fit.strategy, reason: $0) } }
  }

  var header: AdviceHeader {
    planned.header(
      sizes: measured.plan.sizes, folds: Set(measured.blocks.map(\.fold)).count, draws: (measured.blocks.map(\.draw).max() ?? 0) + 1,
      fits: fits.count,
      spent: measured.costs == nil ? nil : measured.spent)
  }
}

extension PlannedAdvice {
  func header(sizes: [Int], folds: Int, draws: Int, fits: Int, spent: Double?) -> AdviceHeader {
    let records = design.cohort.labelled.records.filter { design.targets.contains($0.scanner) }
    let header = planned.header(folds: planned.folds.count)
    return AdviceHeader(
      model: header.model, architecture: header.architecture, preprocessing: header.preprocessing, classes: header.classes,
      targetScanners: header.targetScanners, sourceScanners: header.sourceScanners, patientIdentity: header.patientIdentity,
      baseline: header.baseline.sentence, sourceIsAsItCame: header.baseline == .sourceModel, sourcePatients: header.sourcePatients.sentence,
      patients: Set(records.map(\.patient)).count,
      patientsPerClass: header.classes.map { label in Set(records.filter { $0.label == label }.map(\.patient)).count },
      scans: records.count,
      error: ErrorMeasure(header.primaryMetric), sizes: sizes, folds: folds, draws: draws, fits: fits, seed: header.seed,
      level: header.bootstrap.level, margin: header.rule.margin, budget: study.configuration.budget, secondsUsed: spent)
  }
}
