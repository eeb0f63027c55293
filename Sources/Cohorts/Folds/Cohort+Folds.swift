extension Cohort {
  /// Divides the cohort by a plan. Every fold's making is written to the ledger under the protocol's name, which should differ
  /// between protocols (and between the cohorts of one protocol).
  /// - Throws: `FoldError` where a plan is impossible; what is possible but flawed is in the result's `warnings`.
  public func folds(_ plan: FoldPlan, ledger: Ledger, under protocolName: String) throws(FoldError) -> FoldSet {
    if patientIdentity == .unknown { throw .patientsUnknown(source: source) }
    switch plan {
    case .grouped(let folds, let seed, let repeats):
      return try groupedFolds(plan, folds, seed, repeats, ledger, protocolName)
    case .leaveOneScannerOut: return try scannerFolds(plan, ledger, protocolName)
    case .splitColumn: return try declaredFold(plan, ledger, protocolName)
    }
  }

  private func groupedFolds(
    _ plan: FoldPlan, _ count: Int, _ seed: UInt64, _ repeats: Int, _ ledger: Ledger, _ protocolName: String
  ) throws(FoldError) -> FoldSet {
    guard count >= 2 else { throw .tooFewFolds(count) }
    guard repeats >= 1 else { throw .tooFewRepeats(repeats) }
    let groups = PatientGroups(records)
    guard groups.count >= count else { throw .moreFoldsThanPatients(folds: count, patients: groups.count, source: source) }
    var made: [Fold] = []
    for repetition in 0..<repeats {
      let shares = [Double](repeating: 1 / Double(count), count: count)
      let part = PatientPartition(groups, shares: shares, seed: seed, repetition: repetition).partOfPatient
      for fold in 0..<count {
        made.append(
          newFold(
            "\(fold + 1)", index: made.count, repetition: repetition, ledger, protocolName,
            training: groups.records(records) { part[$0] != fold }, test: groups.records(records) { part[$0] == fold }))
      }
    }
    var warnings: [FoldWarning] = groups.labels.indices.compactMap { label in
      let patients = groups.patientsWithLabel(label)
      return patients < count
        ? .classInFewerPatientsThanFolds(label: groups.labels[label], patients: patients, folds: count) : nil
    }
    warnings += made.flatMap { lackingClasses($0) }
    return FoldSet(plan: plan, folds: made, warnings: warnings)
  }

  private func scannerFolds(_ plan: FoldPlan, _ ledger: Ledger, _ protocolName: String) throws(FoldError) -> FoldSet {
    let scanners = self.scanners
    guard scanners.count >= 2 else { throw .tooFewScanners(found: scanners.count, source: source) }
    var made: [Fold] = []
    var warnings: [FoldWarning] = []
    for scanner in scanners {
      let test = records.filter { $0.scanner == scanner }
      let tested = Set(test.map(\.patient))
      let others = records.filter { $0.scanner != scanner }
      let training = others.filter { !tested.contains($0.patient) }
      guard !training.isEmpty else { throw .nothingToTrainOn(scanner: scanner) }
      let removed = Set(others.map(\.patient)).intersection(tested).sorted()
      let fold = newFold(
        scanner.rawValue, index: made.count, repetition: 0, ledger, protocolName, training: training, test: test, scanner: scanner,
        removed: removed)
      if !removed.isEmpty {
        warnings.append(.patientsRemoved(fold: fold.name, patients: removed.count, scans: others.count - training.count))
      }
      warnings += lackingClasses(fold)
      made.append(fold)
    }
    return FoldSet(plan: plan, folds: made, warnings: warnings)
  }

  private func declaredFold(_ plan: FoldPlan, _ ledger: Ledger, _ protocolName: String) throws(FoldError) -> FoldSet {
    var parts: [DeclaredSplit: [ScanRecord]] = [:]
    var splitOfPatient: [PatientID: DeclaredSplit] = [:]
    for record in records {
      guard let written = record.split else { throw .missingSplit(scan: record.id, source: source) }
      guard let split = DeclaredSplit(written) else { throw .unknownSplit(written, scan: record.id, source: source) }
      if let other = splitOfPatient.updateValue(split, forKey: record.patient), other != split {
        throw .patientInTwoSplits(record.patient, other.rawValue, split.rawValue, source: source)
      }
      parts[split, default: []].append(record)
    }
    for needed in [DeclaredSplit.train, .test] where parts[needed] == nil { throw .emptySplit(needed.rawValue, source: source) }
    let fold = newFold(
      "split", index: 0, repetition: 0, ledger, protocolName, training: parts[.train] ?? [], test: parts[.test] ?? [],
      validation: parts[.validation])
    return FoldSet(plan: plan, folds: [fold], warnings: lackingClasses(fold))
  }

  private func newFold(
    _ fold: String, index: Int, repetition: Int, _ ledger: Ledger, _ protocolName: String, training: [ScanRecord], test: [ScanRecord],
    validation: [ScanRecord]? = nil, scanner: ScannerID? = nil, removed: [PatientID] = []
  ) -> Fold {
    let name = FoldName(protocolName: protocolName, repetition: repetition, fold: fold)
    let validationScans = validation.map { records in
      ledger.record(records, in: name, as: .validation)
      return ValidationScans(dividedOff: records, patientIdentity: patientIdentity, fold: name)
    }
    return Fold(
      name: name, index: index,
      training: TrainingScans(records: training, patientIdentity: patientIdentity, fold: name, use: .training, ledger: ledger),
      validation: validationScans,
      test: TestScans(records: test, patientIdentity: patientIdentity, fold: name, ledger: ledger),
      scanner: scanner, removedPatients: removed)
  }

  private func lackingClasses(_ fold: Fold) -> [FoldWarning] {
    let trained = Set(fold.training.labels)
    let tested = Set(fold.test.labels)
    return labels.flatMap { label -> [FoldWarning] in
      (tested.contains(label) ? [] : [.testLacksClass(fold: fold.name, label: label)])
        + (trained.contains(label) ? [] : [.trainingLacksClass(fold: fold.name, label: label)])
    }
  }
}

/// The words a `split` column may hold, in any case of letters.
private enum DeclaredSplit: String {
  case train, validation, test

  init?(_ written: String) {
    switch written.lowercased() {
    case "train", "training": self = .train
    case "validation", "valid", "val": self = .validation
    case "test", "testing": self = .test
    default: return nil
    }
  }
}
