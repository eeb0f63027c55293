extension TrainingScans {
  /// Sets whole patients aside for validation: as near to the fraction as whole patients allow, the classes and scanners in the
  /// same proportions, at least one patient on each side, and each class on both sides where two patients have it.
  /// - Parameter validationFraction: of the patients, between 0 and 1 (neither).
  public func split(validationFraction: Double, seed: UInt64) throws(FoldError) -> (TrainingScans, ValidationScans) {
    guard validationFraction > 0, validationFraction < 1 else { throw .invalidFraction(validationFraction) }
    if patientIdentity == .unknown { throw .patientsUnknown(source: fold.description) }
    let groups = PatientGroups(records)
    guard groups.count >= 2 else { throw .tooFewPatientsToSplit(found: groups.count) }
    let partition = PatientPartition(groups, shares: [1 - validationFraction, validationFraction], seed: seed, repetition: 0)
    let kept = groups.records(records) { partition.partOfPatient[$0] == 0 }
    let setAside = groups.records(records) { partition.partOfPatient[$0] == 1 }
    ledger.recordDivision(of: records, training: kept, validation: setAside, in: fold)
    return (keeping(kept), ValidationScans(dividedOff: setAside, patientIdentity: patientIdentity, fold: fold))
  }
}
