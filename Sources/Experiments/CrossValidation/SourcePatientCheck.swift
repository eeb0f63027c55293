import Cohorts
import ModelFiles

/// The patients the source model was ever fitted on, against those of this cohort, by keyed hashes.
struct SourcePatientCheck {
  /// As the header says it.
  let known: EvaluationHeader.SourcePatients
  /// Patients that are scored on a target scanner although the model knows them: a leak.
  let knownOnTargets: Set<PatientID>
  /// Patients with scans on a source scanner that the model knows: left out of that column.
  let knownOnSources: Set<PatientID>

  init(_ fitted: FittedPatients, design: ExperimentDesign, pseudonyms: Pseudonyms) {
    let records = design.cohort.labelled.records
    let count = fitted.groups.reduce(0) { $0 + $1.hashes.count }
    func shared(_ scanners: Set<ScannerID>) -> Set<PatientID> {
      let patients = Set(records.filter { scanners.contains($0.scanner) }.map(\.patient))
      var found: Set<PatientID> = []
      for group in fitted.groups {
        if case .patients(let both) = PatientHashes(keyID: group.keyID, hashes: group.hashes).overlap(with: patients, pseudonyms) {
          found.formUnion(both)
        }
      }
      return found
    }
    knownOnTargets = shared(design.targets)
    knownOnSources = shared(design.sources)
    let isComparable = fitted.groups.allSatisfy { $0.keyID == pseudonyms.keyID }
    if !knownOnTargets.isEmpty {
      known = .known(count: count, heldOut: knownOnTargets.count)
    } else if !fitted.isComplete {
      known = .unknown
    } else if !isComparable {
      known = .otherKey(count: count)
    } else {
      known = .known(count: count, heldOut: 0)
    }
  }
}
