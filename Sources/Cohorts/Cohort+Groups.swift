extension Cohort {
  /// The cohort with patients that share a `group` taken for one, whatever links them: a group joins all its patients, and a patient in
  /// two groups joins both.
  ///
  /// Everything that is done by patient (folds, validation splits, pooled moments, intervals) then keeps them together, because they
  /// bear one id: the first of them. Hashes of fitted patients are made of the names as declared.
  func joiningGroups() -> Cohort {
    guard patientIdentity != .unknown, records.contains(where: { $0.group != nil }) else { return self }
    var unions = PatientUnions()
    var firstOfGroup: [String: PatientID] = [:]
    for record in records {
      guard let group = record.group else { continue }
      if let first = firstOfGroup[group] {
        unions.join(first, record.declaredPatient)
      } else {
        firstOfGroup[group] = record.declaredPatient
      }
    }
    let joined = unions.groups()
    var names: [PatientID: PatientID] = [:]
    for group in joined { for patient in group { names[patient] = group[0] } }
    var notes = self.notes
    (notes.patientsJoined, notes.groupsOfJoined) = (names.count, joined.count)
    return Cohort(
      records: records.map { $0.joined(to: names[$0.declaredPatient] ?? $0.declaredPatient) }, patientIdentity: patientIdentity,
      source: source, unavailable: unavailable, notes: notes)
  }
}
