extension Cohort {
  /// Divides the cohort by a plan. Every fold's making is written to the ledger under the protocol's name, which should differ
  /// between protocols (and between the cohorts of one protocol).
  /// - Parameter firstRepetition: what repetitions are counted from, where several cohorts are divided under one name.
  /// - Throws: `FoldError` where a plan is impossible; what is possible but flawed is in the result's `warnings`.
  public func folds(
    _ plan: FoldPlan, ledger: Ledger, under protocolName: String, scope: FoldScope = FoldScope(), firstRepetition: Int = 0
  ) throws(FoldError) -> FoldSet {
    if patientIdentity == .unknown { throw .patientsUnknown(source: source) }
    let maker = FoldMaker(
      cohort: self, plan: plan, ledger: ledger, protocolName: protocolName, scope: scope, firstRepetition: firstRepetition)
    switch plan {
    case .grouped(let folds, let seed, let repeats): return try maker.grouped(folds, seed, repeats)
    case .leaveOneScannerOut:
      guard scanners.count >= 2 else { throw .tooFewScanners(found: scanners.count, source: source) }
      return try maker.leavingOut(scanners.map(\.rawValue)) { $0.scanner.rawValue }
    case .leaveOneSiteOut:
      if let record = records.first(where: { $0.site == nil }) { throw .missingSite(scan: record.id, source: source) }
      let sites = Set(records.compactMap(\.site)).sorted()
      guard sites.count >= 2 else { throw .tooFewSites(found: sites.count, source: source) }
      return try maker.leavingOut(sites) { $0.site ?? "" }
    case .temporal(let date): return try maker.temporal(from: date)
    case .splitColumn: return try maker.declared()
    case .scans(let splits): return try maker.named(splits)
    }
  }
}

/// Makes the folds of one plan.
private struct FoldMaker {
  let cohort: Cohort
  let plan: FoldPlan
  let ledger: Ledger
  let protocolName: String
  let scope: FoldScope
  let firstRepetition: Int

  private var records: [ScanRecord] { cohort.records }

  func grouped(_ count: Int, _ seed: UInt64, _ repeats: Int) throws(FoldError) -> FoldSet {
    guard count >= 2 else { throw .tooFewFolds(count) }
    guard repeats >= 1 else { throw .tooFewRepeats(repeats) }
    let groups = PatientGroups(records)
    guard groups.count >= count else { throw .moreFoldsThanPatients(folds: count, patients: groups.count, source: cohort.source) }
    var made: [Fold] = []
    for repetition in firstRepetition..<(firstRepetition + repeats) {
      let shares = [Double](repeating: 1 / Double(count), count: count)
      let part = PatientPartition(groups, shares: shares, seed: seed, repetition: repetition).partOfPatient
      for fold in 0..<count {
        made.append(
          newFold(
            "\(fold + 1)", index: made.count, repetition: repetition, training: groups.records(records) { part[$0] != fold },
            test: groups.records(records) { part[$0] == fold }))
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

  /// A fold for each place; patients seen there and elsewhere are in no training set of that fold.
  func leavingOut(_ places: [String], place: (ScanRecord) -> String) throws(FoldError) -> FoldSet {
    var made: [Fold] = []
    var warnings: [FoldWarning] = []
    for name in places {
      let test = records.filter { place($0) == name }
      guard scope.tests(test) else { continue }
      let (fold, found) = try separated(name, index: made.count, others: records.filter { place($0) != name }, test: test)
      made.append(fold)
      warnings += found
    }
    return FoldSet(plan: plan, folds: made, warnings: warnings)
  }

  /// Fitted on what was made before the date, scored on what was made from it on. A patient on both sides is scored by the later scans,
  /// and the earlier ones are left out.
  func temporal(from date: ScanDate) throws(FoldError) -> FoldSet {
    var (earlier, later): ([ScanRecord], [ScanRecord]) = ([], [])
    for record in records {
      guard let written = record.date else { throw .missingDate(scan: record.id, source: cohort.source) }
      guard let made = ScanDate(written) else { throw .unreadableDate(written, scan: record.id, source: cohort.source) }
      if made < date { earlier.append(record) } else { later.append(record) }
    }
    guard !earlier.isEmpty, !later.isEmpty else { throw .oneSideOfDate(date, isBefore: later.isEmpty, source: cohort.source) }
    let (fold, warnings) = try separated("from \(date)", index: 0, others: earlier, test: later)
    return FoldSet(plan: plan, folds: [fold], warnings: warnings)
  }

  private func separated(
    _ name: String, index: Int, others: [ScanRecord], test: [ScanRecord]
  ) throws(FoldError) -> (Fold, [FoldWarning]) {
    let tested = Set(test.map(\.patient))
    let training = others.filter { !tested.contains($0.patient) }
    guard training.contains(where: scope.mayFit) else { throw .nothingToTrainOn(fold: name, plan: plan) }
    let removed = Set(others.map(\.patient)).intersection(tested).sorted()
    let fold = newFold(name, index: index, repetition: firstRepetition, training: training, test: test, removed: removed)
    var warnings: [FoldWarning] = []
    if !removed.isEmpty {
      warnings.append(.patientsRemoved(fold: fold.name, patients: removed.count, scans: others.count - training.count))
    }
    return (fold, warnings + lackingClasses(fold))
  }

  func declared() throws(FoldError) -> FoldSet {
    let source = cohort.source
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
      "split", index: 0, repetition: firstRepetition, training: parts[.train] ?? [], test: parts[.test] ?? [],
      validation: parts[.validation])
    return FoldSet(plan: plan, folds: [fold], warnings: lackingClasses(fold))
  }

  func named(_ splits: [ScanSplit]) throws(FoldError) -> FoldSet {
    var made: [Fold] = []
    var warnings: [FoldWarning] = []
    for split in splits {
      let (trained, tested) = (Set(split.training), Set(split.test))
      let training = records.filter { trained.contains($0.id) }
      let test = records.filter { tested.contains($0.id) }
      let (trainName, testName) = ("train of fold \(split.name)", "val of fold \(split.name)")
      if let both = Set(training.map(\.patient)).intersection(test.map(\.patient)).min() {
        throw .patientInTwoSplits(both, trainName, testName, source: cohort.source)
      }
      guard training.contains(where: scope.mayFit) else { throw .emptySplit(trainName, source: cohort.source) }
      guard !test.isEmpty else { throw .emptySplit(testName, source: cohort.source) }
      let fold = newFold(split.name, index: made.count, repetition: firstRepetition, training: training, test: test)
      let unused = records.count - training.count - test.count
      if unused > 0 { warnings.append(.scansInNeither(fold: fold.name, scans: unused)) }
      warnings += lackingClasses(fold)
      made.append(fold)
    }
    return FoldSet(plan: plan, folds: made, warnings: warnings)
  }

  private func newFold(
    _ fold: String, index: Int, repetition: Int, training: [ScanRecord], test: [ScanRecord], validation: [ScanRecord]? = nil,
    removed: [PatientID] = []
  ) -> Fold {
    let name = FoldName(protocolName: protocolName, repetition: repetition, fold: fold)
    let identity = cohort.patientIdentity
    let validationScans = validation.map { records in
      ledger.record(records, in: name, as: .validation)
      return ValidationScans(dividedOff: records, patientIdentity: identity, fold: name)
    }
    return Fold(
      name: name, index: index,
      training: TrainingScans(
        records: training.filter(scope.mayFit), patientIdentity: identity, fold: name, use: .training, ledger: ledger),
      validation: validationScans, test: TestScans(records: test, patientIdentity: identity, fold: name, ledger: ledger),
      scanner: plan == .leaveOneScannerOut ? ScannerID(fold) : nil, removedPatients: removed)
  }

  private func lackingClasses(_ fold: Fold) -> [FoldWarning] {
    let trained = Set(fold.training.records.flatMap(\.balanced))
    let tested = Set(fold.test.records.flatMap(\.balanced))
    return Set(cohort.records.flatMap(\.balanced)).sorted().flatMap { label -> [FoldWarning] in
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
