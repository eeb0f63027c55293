/// Patients that may be one person, joined by whatever links them: disjoint sets.
struct PatientUnions {
  private var parents: [PatientID: PatientID] = [:]

  mutating func join(_ first: PatientID, _ second: PatientID) {
    let (one, two) = (root(of: first), root(of: second))
    if one != two { parents[max(one, two)] = min(one, two) }
  }

  private mutating func root(of patient: PatientID) -> PatientID {
    var current = patient
    while let parent = parents[current] { current = parent }
    if current != patient { parents[patient] = current }
    return current
  }

  /// Sorted groups of two or more.
  mutating func groups() -> [[PatientID]] {
    let joined = parents.keys.sorted()
    var members: [PatientID: Set<PatientID>] = [:]
    for patient in joined {
      let root = root(of: patient)
      members[root, default: [root]].insert(patient)
    }
    return members.values.map { $0.sorted() }.sorted { $0[0] < $1[0] }
  }
}
