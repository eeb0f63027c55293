import Adaptation
import Cohorts
import Evaluation
import Files
import ModelFiles

extension PlannedAdvice {
  /// Measures, looks at the scanners, and gives advice; the folder gets `advice.json`, `curves.csv` and `ledger.csv`.
  ///
  /// - Parameters:
  ///   - more: patients whose labelling is considered; nil takes as many as there are.
  ///   - finishing: adds what only the caller knows, such as the command.
  /// - Throws: as `measure`, and `CurveMeasurementsError`.
  public func run(
    more: Int? = nil, observer: ExperimentObserver = ExperimentObserver(), finishing: (inout Advice) -> Void = { _ in }
  ) throws -> Advice {
    let measured = try measure(observer: observer)
    observer.report(.summarizing)
    let evidence = AdviceEvidence(of: planned)
    let records = records(measured)
    let check = LedgerCheck(ledger, records)
    var advice = try AdviceSummary(planned: self, measured: measured, more: more).advice(
      mismatches: evidence.mismatches, transferability: evidence.transferability,
      findings: findings(check, records, measured) + evidence.failures)
    finishing(&advice)
    try folder?.write(advice, ledger: ledger, pseudonyms: study.evaluation.pseudonyms)
    return advice
  }

  /// Folds as the ledger's check reads them.
  private func records(_ measured: Measurements) -> [FoldRecord] {
    planned.folds.indices.compactMap { index in
      let fits = measured.fits.filter { $0.fold == index }
      guard !fits.isEmpty else { return nil }
      let fold = planned.folds[index]
      return FoldRecord(
        configuration: identity, fold: fold.name, trainingPatients: fold.training.patients.count, trainingScans: fold.training.count,
        testPatients: fold.test.patients.count, testScans: fold.test.count,
        strategies: fits.map { FoldRecord.Strategy(name: "\($0.strategy), \($0.size), \($0.draw)", predictions: $0.predictions) },
        unreadable: Array(Set(fits.flatMap(\.unreadable))).sorted { $0.path < $1.path })
    }
  }

  private func findings(_ check: LedgerCheck, _ records: [FoldRecord], _ measured: Measurements) -> [Finding] {
    var found = planned.findings(check, ledger, records) + planned.warnings.map { .foldWarning("\($0)") }
    let unreadable = Set(records.flatMap(\.unreadable).map(\.path)).count
    if unreadable > 0 { found.append(.unreadable(scans: unreadable)) }
    found += measured.fits.compactMap { fit in
      fit.failure.map { .strategyFailed(strategy: fit.strategy, fold: planned.folds[fit.fold].name.short, reason: $0) }
    }
    found += guards(measured)
    found.append(.ledgerChecked(check.sentence, isClean: check.isClean))
    return found
  }

  private func guards(_ measured: Measurements) -> [Finding] {
    measured.plan.strategies.compactMap { strategy in
      let fits = measured.fits.filter { $0.strategy == strategy && $0.failure == nil }
      let reports = fits.compactMap(\.guards)
      return (reports.last(where: \.hasActed) ?? reports.last).map {
        .guardsReported(
          strategy: strategy, restrained: reports.count(where: \.isRestrained), refused: reports.count(where: \.isRefused),
          ended: reports.count(where: \.isEnded), fits: fits.count, sentence: $0.sentence)
      }
    }
  }

  /// Scans that couldn't be read, over all fits.
  /// - Throws: `FileError`, `ExperimentError` where a kept fit can't be read.
  package func unreadable() throws -> [UnreadablePath] {
    let all = try fullPlan.blocks.flatMap { block in
      try fullPlan.block(fold: block.fold, draw: block.draw).compactMap { try folder?.adviceFit($0)?.unreadable }
    }
    return Set(all.joined()).sorted { $0.path < $1.path }
  }
}

extension RunFolder {
  func write(_ advice: Advice, ledger: Ledger, pseudonyms: Pseudonyms) throws {
    try write(advice.curvesCSV, named: "curves.csv")
    try ledger.write(to: "\(path)/ledger.csv", pseudonyms: pseudonyms)
    // Last: where it is, the run is finished.
    try write(json: advice, to: "advice.json")
  }

  /// The advice of a finished run.
  public func advice() throws -> Advice { try read(Advice.self, from: "advice.json", supported: Advice.formatVersion) }
}

extension Advice {
  /// nil for the source model as it came: it has no curve.
  public func fit(of curve: DataCurve) -> DataCurve.Fit? {
    header.sourceIsAsItCame && curve.strategy == SourceModel().name ? nil : curve.fit
  }

  /// `curves.csv`: format, strategy, training_patients, error, standard_error, lower, upper, fitted, bias, variance.
  var curvesCSV: String {
    var text = "format,strategy,training_patients,error,standard_error,lower,upper,fitted,bias,variance\n"
    for curve in curves {
      for point in curve.points {
        let spread = spreads.first { $0.strategy == curve.strategy && $0.size == point.size }?.parts
        let cells: [String] = [
          "\(Advice.formatVersion)", curve.strategy, "\(point.size)", "\(point.error)", "\(point.standardError)", "\(point.interval.lower)",
          "\(point.interval.upper)", fit(of: curve).map { "\($0.curve.error(at: Double(point.size)))" } ?? "",
          spread.map { "\($0.bias)" } ?? "", spread.map { "\($0.variance)" } ?? "",
        ]
        text += cells.map(csvCell).joined(separator: ",") + "\n"
      }
    }
    return text
  }
}
