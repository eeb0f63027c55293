import RandomStreams

extension Cohort {
  /// The same scans with labels exchanged between whole patients: the self-test's null cohort, on which an honest protocol scores
  /// as chance does.
  ///
  /// A patient gets another one's list of labels, repeated or cut to its own number of labelled scans; unlabelled scans stay so.
  public func permutingLabels(seed: UInt64) -> Cohort {
    var labelsOfPatient: [PatientID: [String]] = [:]
    for record in records.sorted(by: { $0.id < $1.id }) {
      if let label = record.label { labelsOfPatient[record.patient, default: []].append(label) }
    }
    let patients = labelsOfPatient.keys.sorted()
    var random = RandomStream(seed: seed, purpose: "permuted labels")
    let givers = Dictionary(uniqueKeysWithValues: zip(patients, patients.shuffled(using: &random)))
    var used: [PatientID: Int] = [:]
    let permuted = records.map { record -> ScanRecord in
      guard record.label != nil, let giver = givers[record.patient], let labels = labelsOfPatient[giver] else { return record }
      defer { used[record.patient, default: 0] += 1 }
      return record.labelled(labels[used[record.patient, default: 0] % labels.count])
    }
    return Cohort(records: permuted, patientIdentity: patientIdentity, source: source, unavailable: unavailable, notes: notes)
  }
}
