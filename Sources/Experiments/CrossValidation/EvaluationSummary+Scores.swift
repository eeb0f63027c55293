import Evaluation

/// Every number of the result: all strategies in the same resamples of the same patients.
extension EvaluationSummary {
  func score(_ results: inout [StrategyResult], records: [FoldRecord], scanners: [ScannerSummary]) throws(ComparisonError) {
    let rows = results.indices.filter { results[$0].outcome == .evaluated }
    // Without the baseline there is nothing to compare, and no run goes on without it.
    guard let first = rows.first, results[first].isBaseline else { return }
    let models = rows.map { heldOut(results[$0].name, on: header.targetScanners, in: records) }
    let scores = try header.bootstrap.scores(header.metrics, of: models)
    for (position, index) in rows.enumerated() {
      let differences = results[index].isBaseline ? [] : scores[position].differences(from: scores[0])
      let estimates = scores[position].estimates
      let own = strategies(named: results[index].name, in: records).map(\.1)
      for (number, metric) in header.metrics.enumerated() {
        results[index].scores.append(
          score(
            metric, models[position], estimate: estimates[number], baseline: models[0],
            difference: results[index].isBaseline ? nil : differences[number],
            training: own.map { $0.trainingScores.indices.contains(number) ? $0.trainingScores[number] : nil }, records: records))
      }
      let target = models[position].folds.flatMap(\.self)
      results[index].confusion = ConfusionMatrix(target, classCount: header.classes.count)
      results[index].thresholds = models[position].thresholds
      results[index].diagnostics = diagnostics(models[position], pooled: target)
      if !results[index].isBaseline {
        results[index].verdict = header.rule.verdict(on: results[index].primary?.difference)
        results[index].mcNemar = PatientMcNemar(candidate: models[position], reference: models[0])
      }
      results[index].scores = try withVariances(results[index], records: records)
    }
    adjust(&results, rows)
    try scoreSources(&results, rows, records: records)
    try scoreScanners(&results, rows, records: records, scanners: scanners)
  }

  private func score(
    _ metric: Metric, _ model: HeldOutPredictions, estimate: Estimate?, baseline: HeldOutPredictions, difference: PairedDifference?,
    training: [Double?], records: [FoldRecord]
  ) -> StrategyScore {
    let values = byFold(metric, model)
    let defined = training.compactMap { $0 }
    var score = StrategyScore(
      metric: metric, test: estimate,
      undefined: estimate == nil ? metric.undefinedReason(ofFolds: model.folds, thresholds: model.thresholds) : nil, byFold: values,
      pooled: metric.needsThreshold ? estimate?.value : metric.value(of: model.folds.flatMap(\.self)),
      train: defined.isEmpty ? nil : defined.reduce(0, +) / Double(defined.count), difference: difference)
    guard difference != nil else { return score }
    let differences = zip(values, byFold(metric, baseline)).compactMap { value, reference in
      value.flatMap { value in reference.map { value - $0 } }
    }
    let trained = records.map(\.trainingPatients).reduce(0, +)
    if trained > 0 {
      let share = Double(records.map(\.testPatients).reduce(0, +)) / Double(trained)
      score.foldComparison = FoldComparison(differences: differences, testShare: share, level: header.bootstrap.level)
    }
    return score
  }

  private func byFold(_ metric: Metric, _ model: HeldOutPredictions) -> [Double?] {
    model.folds.indices.map { fold in
      metric.value(of: model.folds[fold], threshold: model.thresholds.isEmpty ? nil : model.thresholds[fold])
    }
  }

  /// p values corrected for the number of rows compared with the baseline, metric by metric.
  private func adjust(_ results: inout [StrategyResult], _ rows: [Int]) {
    for number in header.metrics.indices {
      let adjusted = AdjustedPValues(rows.map { results[$0].scores[number].difference?.pValue })
      for (position, index) in rows.enumerated() {
        results[index].scores[number].holm = adjusted.holm[position]
        results[index].scores[number].benjaminiHochberg = adjusted.benjaminiHochberg[position]
      }
    }
  }

  private func scoreSources(_ results: inout [StrategyResult], _ rows: [Int], records: [FoldRecord]) throws(ComparisonError) {
    guard !header.sourceScanners.isEmpty else { return }
    let models = rows.map { heldOut(results[$0].name, on: header.sourceScanners, in: records) }
    let scores = try header.bootstrap.scores(header.metrics, of: models)
    for (position, index) in rows.enumerated() {
      results[index].sourceScores = scores[position].estimates
      if position > 0 { results[index].sourceDifferences = scores[position].differences(from: scores[0]) }
    }
  }

  private func scoreScanners(
    _ results: inout [StrategyResult], _ rows: [Int], records: [FoldRecord], scanners: [ScannerSummary]
  ) throws(ComparisonError) {
    var groups = rows.map { _ in [(name: String, scores: ResampledScores)]() }
    for scanner in scanners {
      let models = rows.map { heldOut(results[$0].name, on: [scanner.scanner], in: records) }
      let scores = try header.bootstrap.scores([header.primaryMetric], of: models)
      for (position, index) in rows.enumerated() {
        groups[position].append((scanner.scanner, scores[position]))
        results[index].perScanner.append(
          ScannerScore(
            scanner: scanner.scanner, estimate: scores[position].estimates[0],
            difference: position == 0 ? nil : scores[position].differences(from: scores[0])[0]))
      }
    }
    for (position, index) in rows.enumerated() { results[index].worst = WorstGroup(header.primaryMetric, groups: groups[position]) }
  }

  /// Over seeds, which are strategies named `NAME@NUMBER` in the same folds, and over repetitions, which have other folds.
  private func withVariances(_ result: StrategyResult, records: [FoldRecord]) throws(ComparisonError) -> [StrategyScore] {
    var scores = result.scores
    let seeds = Set(records.flatMap { $0.strategies.filter { $0.name.hasPrefix(result.name + "@") && $0.failure == nil }.map(\.name) })
    if !seeds.isEmpty {
      let models = ([result.name] + seeds.sorted()).map { heldOut($0, on: header.targetScanners, in: records) }
      // A seed that lacks a fold has nothing to compare.
      if models.allSatisfy({ zip($0.folds, models[0].folds).allSatisfy { $0.count == $1.count } }) {
        let resampled = try header.bootstrap.scores([header.primaryMetric], of: models)
        scores[0].overSeeds = SeedVariance(header.primaryMetric, seeds: resampled)
      }
    }
    let repetitions = Set(records.map(\.fold.repetition)).sorted()
    // Shuffled labels put the same patients into other strata, so that resamples don't match.
    if repetitions.count > 1, !header.labelsPermuted {
      let resampled = repetitions.map { repetition in
        header.bootstrap.scores(
          [header.primaryMetric],
          of: heldOut(result.name, on: header.targetScanners, in: records.filter { $0.fold.repetition == repetition }))
      }
      scores[0].overRepetitions = SeedVariance(header.primaryMetric, seeds: resampled)
    }
    return scores
  }

  private func diagnostics(_ model: HeldOutPredictions, pooled: [Prediction]) -> Diagnostics {
    let classes = header.classes.count == 2 ? [1] : Array(header.classes.indices.prefix(8))
    let ranking = classes.flatMap { index in
      [RankingCurve.Kind.roc, .precisionRecall].compactMap { kind in
        RankingCurve(kind, of: model, positiveClass: index, bootstrap: header.bootstrap, resamples: 300)
      }
    }
    let quantities: [ReliabilityCurve.Quantity] = header.classes.count == 2 ? [.confidence, .probability(of: 1)] : [.confidence]
    let reliability = quantities.flatMap { quantity in
      [CalibrationBinning.equalWidth, .equalMass].map {
        ReliabilityCurve(pooled, of: quantity, binning: $0, level: header.bootstrap.level)
      }
    }
    return Diagnostics(
      rankingCurves: ranking, reliability: reliability, calibration: CalibrationFit(pooled, level: header.bootstrap.level))
  }

  /// A strategy's predictions of some scanners, by the unit that is scored.
  private func heldOut(_ strategy: String, on scanners: [String], in records: [FoldRecord]) -> HeldOutPredictions {
    let wanted = Set(scanners)
    let folds = folds(of: strategy, in: records).map { fold in header.unit.applied(to: fold.filter { wanted.contains($0.scanner) }) }
    let thresholds = records.map { $0[strategy]?.threshold }
    return HeldOutPredictions(folds: folds, thresholds: thresholds.contains { $0 != nil } ? thresholds : [])
  }
}
