extension Cohort {
  /// The cohort with patients that share a `group` taken for one, whatever links them: a group joins all its patients, and a patient in
  /// two groups joins both.
  ///
  /// Everything that is done by patient (folds, validation splits, pooled moments, intervals) then keeps them together, because they
  /// bear one id: the first of them. Hashes of fitted patients are made of the names as declared.
  func joiningGroups() -> Cohort {
    guard patientIdentity != .unknown, records.contains(where: { $0.group != nil }) else { return self }
    var links = PatientLinks()
    var firstOfGroup: [String: PatientID] = [:]
    for record in records {
      guard let group = record.group else { continue }
      if let first = firstOfGroup[group] { links.join(first, record.declaredPatient) } else { firstOfGroup[group] = record.declaredPatient }
    }
    var members: [PatientID: Set<PatientID>] = [:]
    for patient in Set(records.map(\.declaredPatient)) { members[links.root(of: patient), default: []].insert(patient) }
    let joined = members.values.filter { $0.count > 1 }
    var names: [PatientID: PatientID] = [:]
    for group in joined { for patient in group { names[patient] = group.min()! } }
    var notes = self.notes
    (notes.patientsJoined, notes.groupsOfJoined) = (names.count, joined.count)
    return Cohort(
      records: records.map { $0.joined(to: names[$0.declaredPatient] ?? $0.declaredPatient) }, patientIdentity: patientIdentity,
      source: source, unavailable: unavailable, notes: notes)
  }
}

/// Who belongs together: disjoint sets with path halving.
private struct PatientLinks {
  private var parents: [PatientID: PatientID] = [:]

  mutating func root(of patient: PatientID) -> PatientID {
    var current = patient
    while let parent = parents[current] {
      if let grandparent = parents[parent] { parents[current] = grandparent }
      current = parent
    }
    return current
  }

  mutating func join(_ one: PatientID, _ other: PatientID) {
    let (first, second) = (root(of: one), root(of: other))
    if first != second { parents[max(first, second)] = min(first, second) }
  }
}
