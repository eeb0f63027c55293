import Cohorts
import ModelFiles

/// The patients the source model was ever fitted on, against those of this cohort: by keyed hashes, and by a list of outsiders.
///
/// Compared by the names that the manifest has for them; where a group joins patients, one known is enough.
struct SourcePatientCheck {
  /// As the header says it.
  let known: EvaluationHeader.SourcePatients
  /// Patients that are scored on a target scanner although the model knows them: a leak.
  let knownOnTargets: Set<PatientID>
  /// Patients with scans on a source scanner that the model knows: left out of that column.
  let knownOnSources: Set<PatientID>

  init(_ fitted: FittedPatients, outsiders: [PatientID]?, design: ExperimentDesign, pseudonyms: Pseudonyms) {
    self.init(
      fitted, outsiders: outsiders, records: design.cohort.labelled.records, targets: design.targets, sources: design.sources,
      pseudonyms: pseudonyms)
  }

  /// - Parameter records: labelled.
  init(
    _ fitted: FittedPatients, outsiders: [PatientID]?, records: [ScanRecord], targets: Set<ScannerID>, sources: Set<ScannerID>,
    pseudonyms: Pseudonyms
  ) {
    let listed = Set(outsiders ?? [])
    let ownGroups = fitted.groups.filter { $0.keyID == pseudonyms.keyID }.flatMap(\.hashes)
    let listedHashes = PatientHashes(listed, pseudonyms).hashes
    // A patient both in the card and in the list counts once, where the card's key is ours.
    let count = fitted.groups.reduce(0) { $0 + $1.hashes.count } + Set(listedHashes).subtracting(ownGroups).count
    func shared(_ scanners: Set<ScannerID>) -> Set<PatientID> {
      let here = records.filter { scanners.contains($0.scanner) }
      let patients = Set(here.map(\.declaredPatient))
      var found = listed.intersection(patients)
      for group in fitted.groups {
        if case .patients(let both) = PatientHashes(keyID: group.keyID, hashes: group.hashes).overlap(with: patients, pseudonyms) {
          found.formUnion(both)
        }
      }
      return Set(here.filter { found.contains($0.declaredPatient) }.map(\.patient))
    }
    knownOnTargets = shared(targets)
    knownOnSources = shared(sources)
    let isComparable = fitted.groups.allSatisfy { $0.keyID == pseudonyms.keyID }
    if !knownOnTargets.isEmpty {
      known = .known(count: count, heldOut: knownOnTargets.count)
    } else if !fitted.isComplete, outsiders == nil {
      known = .unknown
    } else if !isComparable {
      known = .otherKey(count: count)
    } else {
      known = .known(count: count, heldOut: 0)
    }
  }
}
