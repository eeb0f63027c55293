/// One division of a fold's training patients: what a candidate is fitted on, and what it is chosen by.
public struct InnerFold: Sendable {
  public let training: TrainingScans
  public let selection: ValidationScans
}

extension TrainingScans {
  /// Divides the training patients again, for choosing among candidates: learning rates, strategies, thresholds.
  ///
  /// The outer fold's test scans can't come in: nothing here knows them.
  /// - Throws: `FoldError` where there are fewer patients than folds.
  public func innerFolds(_ count: Int, seed: UInt64) throws(FoldError) -> [InnerFold] {
    guard count >= 2 else { throw .tooFewFolds(count) }
    if patientIdentity == .unknown { throw .patientsUnknown(source: fold.description) }
    let groups = PatientGroups(records)
    guard groups.count >= count else { throw .moreFoldsThanPatients(folds: count, patients: groups.count, source: fold.description) }
    let shares = [Double](repeating: 1 / Double(count), count: count)
    let part = PatientPartition(groups, shares: shares, seed: seed, repetition: fold.repetition).partOfPatient
    return (0..<count).map { number in
      let name = fold.inner("\(number + 1)")
      let chosenBy = groups.records(records) { part[$0] == number }
      ledger.record(chosenBy, in: name, as: .selection)
      return InnerFold(
        training: TrainingScans(
          records: groups.records(records) { part[$0] != number }, patientIdentity: patientIdentity, fold: name, use: .training,
          ledger: ledger),
        selection: ValidationScans(dividedOff: chosenBy, patientIdentity: patientIdentity, fold: name))
    }
  }
}
